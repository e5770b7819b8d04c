package io.forebay.flink.state;

import io.forebay.flink.key.RowKey;
import io.forebay.store.Store;
import io.forebay.store.ValueBuffer;
import java.io.IOException;
import org.apache.flink.annotation.Internal;
import org.apache.flink.api.common.state.State;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.queryablestate.client.state.serialization.KvStateSerializer;
import org.apache.flink.runtime.state.CompositeKeySerializationUtils;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.RegisteredKeyValueStateBackendMetaInfo;
import org.apache.flink.runtime.state.internal.InternalKvState;
import org.apache.flink.runtime.state.ttl.TtlAwareSerializer;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;

/**
 * Base of all key/value states. A state has one row for each key and namespace; a map state has one for each key,
 * namespace and user key. Used by one thread, that of the task, except {@link #getSerializedValue}. Reads and writes use
 * buffers of this object, so a returned value is always a new object.
 *
 * @param <K> type of the key
 * @param <N> type of the namespace
 * @param <V> type of the value as the state keeps it
 */
@Internal
public abstract class AbstractForebayState<K, N, V> implements InternalKvState<K, N, V> {
    protected final StateContext<K> context;
    protected final Store store;
    protected final RowKey<K> row;
    protected final int stateId;

    protected final DataOutputSerializer out = new DataOutputSerializer(128);
    protected final DataInputDeserializer in = new DataInputDeserializer();
    protected final ValueBuffer value = new ValueBuffer(128);

    protected TypeSerializer<N> namespaceSerializer;
    protected TypeSerializer<V> valueSerializer;

    private N currentNamespace;
    private V defaultValue;
    private boolean ambiguous;

    AbstractForebayState(StateContext<K> context, int stateId) {
        this.context = context;
        this.store = context.store();
        this.row = context.rowKey();
        this.stateId = stateId;
    }

    /**
     * Takes serializers, default value and function from a descriptor. Called before the first use, and each time when
     * the state is registered again.
     */
    void update(StateDescriptor<?, V> descriptor, RegisteredKeyValueStateBackendMetaInfo<N, V> metaInfo) {
        namespaceSerializer = metaInfo.getNamespaceSerializer();
        valueSerializer = metaInfo.getStateSerializer();
        defaultValue = descriptor.getDefaultValue();
        ambiguous = CompositeKeySerializationUtils.isAmbiguousKeyPossible(context.keySerializer(), namespaceSerializer);
    }

    /**
     * Rewrites the value of one row from the schema of {@code prior} to that of {@code current}. One of the two schemas
     * may have a time to live, and the other not.
     */
    public abstract void migrate(
            DataInputDeserializer priorValue,
            DataOutputSerializer migrated,
            TtlAwareSerializer<V, ?> prior,
            TtlAwareSerializer<V, ?> current,
            TtlTimeProvider timeProvider)
            throws IOException;

    /** Writes the value that {@link #migrate} has made for a row. */
    void writeMigrated(byte[] key, int keyLength, DataOutputSerializer migrated, TtlAwareSerializer<V, ?> current)
            throws IOException {
        store.put(key, 0, keyLength, migrated.getSharedBuffer(), 0, migrated.length());
    }

    @Override
    public TypeSerializer<K> getKeySerializer() {
        return context.keySerializer();
    }

    @Override
    public TypeSerializer<N> getNamespaceSerializer() {
        return namespaceSerializer;
    }

    @Override
    public TypeSerializer<V> getValueSerializer() {
        return valueSerializer;
    }

    @Override
    public void setCurrentNamespace(N namespace) {
        currentNamespace = namespace;
    }

    @Override
    public void clear() {
        selectRow();
        store.delete(row.array(), 0, row.length());
    }

    @Override
    public byte[] getSerializedValue(
            byte[] serializedKeyAndNamespace,
            TypeSerializer<K> safeKeySerializer,
            TypeSerializer<N> safeNamespaceSerializer,
            TypeSerializer<V> safeValueSerializer)
            throws Exception {
        return store.get(foreignRow(serializedKeyAndNamespace, safeKeySerializer, safeNamespaceSerializer));
    }

    /** Throws: as in the RocksDB backend, the compaction filter drops expired state, and not a visitor. */
    @Override
    public StateIncrementalVisitor<K, N, V> getStateIncrementalVisitor(int recommendedMaxNumberOfReturnedRecords) {
        throw new UnsupportedOperationException("Forebay cleans up expired state during compaction");
    }

    /** The row key of a key and a namespace, in the bytes in which queryable state encodes both. Any thread. */
    byte[] foreignRow(
            byte[] serializedKeyAndNamespace,
            TypeSerializer<K> safeKeySerializer,
            TypeSerializer<N> safeNamespaceSerializer)
            throws IOException {
        Tuple2<K, N> keyAndNamespace = KvStateSerializer.deserializeKeyAndNamespace(
                serializedKeyAndNamespace, safeKeySerializer, safeNamespaceSerializer);
        RowKey<K> foreign = new RowKey<>(safeKeySerializer);
        foreign.setKey(
                keyAndNamespace.f0,
                KeyGroupRangeAssignment.assignToKeyGroup(keyAndNamespace.f0, context.numberOfKeyGroups()));
        foreign.setRow(
                stateId,
                keyAndNamespace.f1,
                safeNamespaceSerializer,
                CompositeKeySerializationUtils.isAmbiguousKeyPossible(safeKeySerializer, safeNamespaceSerializer));
        return foreign.toByteArray();
    }

    /** Sets {@link #row} to the current key and namespace. */
    final void selectRow() {
        row.setRow(stateId, currentNamespace, namespaceSerializer, ambiguous);
    }

    /** Reads the selected row into {@link #in}; returns false when there is no such row. */
    final boolean readSelected() {
        if (!store.get(row.array(), 0, row.length(), value)) {
            return false;
        }
        in.setBuffer(value.array(), 0, value.length());
        return true;
    }

    /** Writes the bytes in {@link #out} to the selected row. */
    final void writeSelected() {
        store.put(row.array(), 0, row.length(), out.getSharedBuffer(), 0, out.length());
    }

    /** A new copy of the default value; null when the descriptor has none. */
    final V defaultValue() {
        return defaultValue == null ? null : valueSerializer.copy(defaultValue);
    }

    /** Deserializes the row of the current key and namespace; returns null when there is no such row. */
    final V readValue() throws IOException {
        selectRow();
        return readSelected() ? valueSerializer.deserialize(in) : null;
    }

    final void writeValue(V newValue) throws IOException {
        out.clear();
        valueSerializer.serialize(newValue, out);
        selectRow();
        writeSelected();
    }

    /** {@link #migrate} for states whose row is one value of {@link #valueSerializer}. */
    static <V> void migrateSingle(
            DataInputDeserializer priorValue,
            DataOutputSerializer migrated,
            TtlAwareSerializer<V, ?> prior,
            TtlAwareSerializer<V, ?> current,
            TtlTimeProvider timeProvider)
            throws IOException {
        current.migrateValueFromPriorSerializer(prior, () -> prior.deserialize(priorValue), migrated, timeProvider);
    }

    /** Casts this state to the type that the caller expects. */
    @SuppressWarnings("unchecked")
    final <S extends State, I extends S> I self() {
        return (I) this;
    }
}
