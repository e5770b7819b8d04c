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
 * Base of all key/value states: one row per key and namespace (map state: per user key too). Task thread only, except
 * {@link #getSerializedValue}. Reads and writes go through reused buffers, so values are always fresh objects.
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

    /** Takes over serializers, default value and function of a descriptor; called once at least, and again when it is registered anew. */
    void update(StateDescriptor<?, V> descriptor, RegisteredKeyValueStateBackendMetaInfo<N, V> metaInfo) {
        namespaceSerializer = metaInfo.getNamespaceSerializer();
        valueSerializer = metaInfo.getStateSerializer();
        defaultValue = descriptor.getDefaultValue();
        ambiguous = CompositeKeySerializationUtils.isAmbiguousKeyPossible(context.keySerializer(), namespaceSerializer);
    }

    /**
     * Rewrites one row value from the schema of {@code prior} to that of {@code current}; either may have a time to live
     * that the other has not.
     */
    public abstract void migrate(
            DataInputDeserializer priorValue,
            DataOutputSerializer migrated,
            TtlAwareSerializer<V, ?> prior,
            TtlAwareSerializer<V, ?> current,
            TtlTimeProvider timeProvider)
            throws IOException;

    /** Stores what {@link #migrate} has made of a row. */
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

    /** As in RocksDB, expired state is not cleaned up by visiting it step by step but by the compaction filter. */
    @Override
    public StateIncrementalVisitor<K, N, V> getStateIncrementalVisitor(int recommendedMaxNumberOfReturnedRecords) {
        throw new UnsupportedOperationException("Forebay cleans up expired state during compaction");
    }

    /** Row of a key and namespace as queryable state encodes them; any thread. */
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

    /** Points {@link #row} at the current key and namespace. */
    final void selectRow() {
        row.setRow(stateId, currentNamespace, namespaceSerializer, ambiguous);
    }

    /** Reads the selected row into {@link #in}; false when there is none. */
    final boolean readSelected() {
        if (!store.get(row.array(), 0, row.length(), value)) {
            return false;
        }
        in.setBuffer(value.array(), 0, value.length());
        return true;
    }

    /** Stores what is in {@link #out} under the selected row. */
    final void writeSelected() {
        store.put(row.array(), 0, row.length(), out.getSharedBuffer(), 0, out.length());
    }

    /** A fresh copy, or null when the descriptor has none. */
    final V defaultValue() {
        return defaultValue == null ? null : valueSerializer.copy(defaultValue);
    }

    /** Deserialises the current row, null when there is none. */
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

    /** States whose row holds one value of {@link #valueSerializer} migrate alike. */
    static <V> void migrateSingle(
            DataInputDeserializer priorValue,
            DataOutputSerializer migrated,
            TtlAwareSerializer<V, ?> prior,
            TtlAwareSerializer<V, ?> current,
            TtlTimeProvider timeProvider)
            throws IOException {
        current.migrateValueFromPriorSerializer(prior, () -> prior.deserialize(priorValue), migrated, timeProvider);
    }

    /** Casts a state to what the caller of the factory expects. */
    @SuppressWarnings("unchecked")
    final <S extends State, I extends S> I self() {
        return (I) this;
    }
}
