package io.forebay.flink.state;

import io.forebay.store.EntryBatch;
import io.forebay.store.KeyRange;
import java.io.IOException;
import java.util.Iterator;
import java.util.Map;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.MapSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.queryablestate.client.state.serialization.KvStateSerializer;
import org.apache.flink.runtime.state.RegisteredKeyValueStateBackendMetaInfo;
import org.apache.flink.runtime.state.internal.InternalMapState;
import org.apache.flink.runtime.state.ttl.TtlAwareSerializer;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;

/**
 * Map state: one row for each entry. All entries of a map lie together, so that clearing the map is one range delete. An
 * iterator returns them in the unsigned order of the serialized user keys, on which parts of Flink SQL rely.
 *
 * <pre>
 *   value --> isNull:1 [userValue]
 * </pre>
 */
final class ForebayMapState<K, N, UK, UV> extends AbstractForebayState<K, N, Map<UK, UV>>
        implements InternalMapState<K, N, UK, UV> {
    private TypeSerializer<UK> userKeySerializer;
    private TypeSerializer<UV> userValueSerializer;
    /** Takes one key. */
    private final EntryBatch firstKey = EntryBatch.ofKeys(1, 1);

    ForebayMapState(StateContext<K> context, int stateId) {
        super(context, stateId);
    }

    @Override
    void update(
            StateDescriptor<?, Map<UK, UV>> descriptor,
            RegisteredKeyValueStateBackendMetaInfo<N, Map<UK, UV>> metaInfo) {
        super.update(descriptor, metaInfo);
        userKeySerializer = ((MapSerializer<UK, UV>) valueSerializer).getKeySerializer();
        userValueSerializer = ((MapSerializer<UK, UV>) valueSerializer).getValueSerializer();
    }

    @Override
    public UV get(UK userKey) throws IOException {
        selectEntry(userKey);
        return readSelected() ? readUserValue(in, userValueSerializer) : null;
    }

    @Override
    public void put(UK userKey, UV userValue) throws IOException {
        writeUserValue(userValue);
        selectEntry(userKey);
        writeSelected();
    }

    @Override
    public void putAll(Map<UK, UV> map) throws IOException {
        if (map != null) {
            for (Map.Entry<UK, UV> entry : map.entrySet()) {
                put(entry.getKey(), entry.getValue());
            }
        }
    }

    @Override
    public void remove(UK userKey) throws IOException {
        selectEntry(userKey);
        store.delete(row.array(), 0, row.length());
    }

    @Override
    public boolean contains(UK userKey) throws IOException {
        selectEntry(userKey);
        return readSelected();
    }

    @Override
    public Iterable<Map.Entry<UK, UV>> entries() {
        byte[] prefix = currentPrefix();
        return () -> MapRows.entries(this, prefix);
    }

    @Override
    public Iterable<UK> keys() {
        byte[] prefix = currentPrefix();
        return () -> MapRows.keys(this, prefix);
    }

    @Override
    public Iterable<UV> values() {
        byte[] prefix = currentPrefix();
        return () -> MapRows.values(this, prefix);
    }

    @Override
    public Iterator<Map.Entry<UK, UV>> iterator() {
        return MapRows.entries(this, currentPrefix());
    }

    @Override
    public boolean isEmpty() {
        store.scan(KeyRange.prefix(currentPrefix()), firstKey);
        return firstKey.size() == 0;
    }

    @Override
    public void clear() {
        store.deletePrefix(currentPrefix());
    }

    @Override
    public byte[] getSerializedValue(
            byte[] serializedKeyAndNamespace,
            TypeSerializer<K> safeKeySerializer,
            TypeSerializer<N> safeNamespaceSerializer,
            TypeSerializer<Map<UK, UV>> safeValueSerializer)
            throws Exception {
        byte[] prefix = foreignRow(serializedKeyAndNamespace, safeKeySerializer, safeNamespaceSerializer);
        MapSerializer<UK, UV> mapSerializer = (MapSerializer<UK, UV>) safeValueSerializer;
        TypeSerializer<UK> keys = mapSerializer.getKeySerializer();
        TypeSerializer<UV> values = mapSerializer.getValueSerializer();
        MapRows<Map.Entry<UK, UV>, UK, UV> entries = MapRows.readOnlyEntries(store, prefix, keys, values);
        return entries.hasNext() ? KvStateSerializer.serializeMap(() -> entries, keys, values) : null;
    }

    @Override
    public void migrate(
            DataInputDeserializer priorValue,
            DataOutputSerializer migrated,
            TtlAwareSerializer<Map<UK, UV>, ?> prior,
            TtlAwareSerializer<Map<UK, UV>, ?> current,
            TtlTimeProvider timeProvider)
            throws IOException {
        boolean isNull = priorValue.readBoolean();
        migrated.writeBoolean(isNull);
        if (!isNull) {
            migrateSingle(
                    priorValue,
                    migrated,
                    ((TtlAwareSerializer.TtlAwareMapSerializer<UK, UV>) prior).getValueSerializer(),
                    ((TtlAwareSerializer.TtlAwareMapSerializer<UK, UV>) current).getValueSerializer(),
                    timeProvider);
        }
    }

    /** Overwrites the value of an entry that an iterator has returned. */
    void putRow(byte[] entryRow, UV userValue) throws IOException {
        writeUserValue(userValue);
        store.put(entryRow, 0, entryRow.length, out.getSharedBuffer(), 0, out.length());
    }

    TypeSerializer<UK> userKeySerializer() {
        return userKeySerializer;
    }

    TypeSerializer<UV> userValueSerializer() {
        return userValueSerializer;
    }

    static <U> U readUserValue(DataInputDeserializer in, TypeSerializer<U> serializer) throws IOException {
        return in.readBoolean() ? null : serializer.deserialize(in);
    }

    private void writeUserValue(UV userValue) throws IOException {
        out.clear();
        out.writeBoolean(userValue == null);
        if (userValue != null) {
            userValueSerializer.serialize(userValue, out);
        }
    }

    private void selectEntry(UK userKey) throws IOException {
        selectRow();
        row.appendUserKey(userKey, userKeySerializer);
    }

    private byte[] currentPrefix() {
        selectRow();
        return row.toByteArray();
    }
}
