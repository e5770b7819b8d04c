package io.forebay.flink.state;

import io.forebay.flink.key.KeyLayout;
import io.forebay.flink.registry.RegisteredState;
import io.forebay.store.KeyRange;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.ValueBuffer;
import org.apache.flink.annotation.Internal;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.MapSerializer;
import org.apache.flink.api.common.typeutils.base.MapSerializerSnapshot;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.execution.CancelTaskException;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.RegisteredKeyValueStateBackendMetaInfo;
import org.apache.flink.runtime.state.ttl.TtlAwareSerializer;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;
import org.apache.flink.util.StateMigrationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rewrites all values of a state when its serializer has changed its format. Keys are never rewritten: their order and
 * their hash would change. Runs on the task thread when the state is registered, one key group at a time, so that no
 * iterator holds memory for long.
 */
@Internal
public final class StateMigration {
    private static final Logger LOG = LoggerFactory.getLogger(StateMigration.class);

    private final Store store;
    private final KeyGroupRange keyGroups;
    private final TtlTimeProvider timeProvider;
    private final CloseableRegistry cancelRegistry;

    public StateMigration(
            Store store, KeyGroupRange keyGroups, TtlTimeProvider timeProvider, CloseableRegistry cancelRegistry) {
        this.store = store;
        this.keyGroups = keyGroups;
        this.timeProvider = timeProvider;
        this.cancelRegistry = cancelRegistry;
    }

    /**
     * @param state created with the new meta info
     * @throws StateMigrationException when values cannot be read or written, or the user keys of a map changed too
     */
    @SuppressWarnings("unchecked")
    public <V> void run(
            StateDescriptor<?, V> descriptor, RegisteredState registered, AbstractForebayState<?, ?, V> state)
            throws StateMigrationException {
        RegisteredKeyValueStateBackendMetaInfo<?, V> metaInfo = registered.keyValueMetaInfo();
        if (descriptor.getType() == StateDescriptor.Type.MAP) {
            checkUserKeys(metaInfo);
        }
        LOG.info("Migrating the state {} because the format of its serializer has changed.", descriptor);
        TtlAwareSerializer<V, ?> prior = (TtlAwareSerializer<V, ?>)
                TtlAwareSerializer.wrapTtlAwareSerializer(metaInfo.getPreviousStateSerializer());
        TtlAwareSerializer<V, ?> current =
                (TtlAwareSerializer<V, ?>) TtlAwareSerializer.wrapTtlAwareSerializer(metaInfo.getStateSerializer());
        DataInputDeserializer in = new DataInputDeserializer();
        DataOutputSerializer out = new DataOutputSerializer(512);
        ValueBuffer value = new ValueBuffer();
        for (int keyGroup : keyGroups) {
            if (cancelRegistry.isClosed()) {
                throw new CancelTaskException("Cancelled while migrating the state " + registered.name());
            }
            try (StoreIterator rows = store.iterator(KeyRange.prefix(KeyLayout.prefix(keyGroup, registered.id())))) {
                for (rows.seekToFirst(); rows.isValid(); rows.next()) {
                    rows.value(value);
                    in.setBuffer(value.array(), 0, value.length());
                    out.clear();
                    state.migrate(in, out, prior, current, timeProvider);
                    state.writeMigrated(rows.keyArray(), rows.keyLength(), out, current);
                }
            } catch (Exception e) {
                throw new StateMigrationException("Cannot migrate the state " + registered.name(), e);
            }
        }
    }

    private static <UK> void checkUserKeys(RegisteredKeyValueStateBackendMetaInfo<?, ?> metaInfo)
            throws StateMigrationException {
        TypeSerializerSnapshot<?> previous = metaInfo.getPreviousStateSerializerSnapshot();
        TypeSerializer<?> current = metaInfo.getStateSerializer();
        if (!(previous instanceof MapSerializerSnapshot) || !(current instanceof MapSerializer)) {
            throw new StateMigrationException("The serializers of the map state " + metaInfo.getName()
                    + " are no map serializers: " + previous + ", " + current);
        }
        @SuppressWarnings("unchecked")
        TypeSerializerSnapshot<UK> previousKeys = ((MapSerializerSnapshot<UK, ?>) previous).getKeySerializerSnapshot();
        @SuppressWarnings("unchecked")
        TypeSerializer<UK> currentKeys = ((MapSerializer<UK, ?>) current).getKeySerializer();
        if (!currentKeys
                .snapshotConfiguration()
                .resolveSchemaCompatibility(previousKeys)
                .isCompatibleAsIs()) {
            throw new StateMigrationException("The format of the user keys of the map state " + metaInfo.getName()
                    + " has changed. Only the values of a map state can be migrated.");
        }
    }
}
