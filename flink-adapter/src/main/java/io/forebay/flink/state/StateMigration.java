package io.forebay.flink.state;

import io.forebay.flink.key.KeyLayout;
import io.forebay.flink.registry.RegisteredState;
import io.forebay.store.KeyRange;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.ValueBuffer;
import java.util.List;
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
 * Carries out what {@link RestoredSchemas} has decided about the rows of a restored state: reads values with the serializer
 * of their part and writes them with the present one, and checks row keys. Keys are never rewritten, because their order and
 * their hash would change. Runs when the state is registered, one key group at a time, so that no iterator pins memory for
 * long. Used by one thread, that of the task.
 */
@Internal
public final class StateMigration<V> {
    private static final Logger LOG = LoggerFactory.getLogger(StateMigration.class);

    private final RegisteredState registered;
    private final List<PartChange<V>> changes;
    private final DataInputDeserializer in = new DataInputDeserializer();
    private final DataOutputSerializer out = new DataOutputSerializer(512);
    private final ValueBuffer value = new ValueBuffer();

    private StateMigration(RegisteredState registered, List<PartChange<V>> changes) {
        this.registered = registered;
        this.changes = changes;
    }

    /** A migration with nothing to do, for a state that is new to the backend. */
    public static <V> StateMigration<V> none(RegisteredState registered) {
        return new StateMigration<>(registered, List.of());
    }

    /**
     * Gives a state the serializers that a job registers it with, reconfigured if a part of the checkpoint requires that.
     *
     * @param keys the serializer of keys that the backend has
     * @param all the key groups of the backend
     * @param readBack true when the serializers were read back from a snapshot, and are not those of the job
     * @return the migration that has to run before a row of the state is read
     * @throws StateMigrationException when a serializer is incompatible with that of a part
     */
    public static <N, V> StateMigration<V> plan(
            RegisteredState registered,
            TypeSerializer<?> keys,
            TypeSerializer<N> namespaces,
            StateDescriptor<?, V> descriptor,
            KeyGroupRange all,
            boolean readBack)
            throws StateMigrationException {
        return new StateMigration<>(
                registered, new RestoredSchemas<>(keys, namespaces, descriptor, readBack).update(registered, all));
    }

    /**
     * Runs the migration.
     *
     * @param state a state object that was created with the new meta info
     * @throws StateMigrationException when values cannot be read or written, or when the present serializers would write
     *     a row key differently
     */
    public void run(
            Store store,
            AbstractForebayState<?, ?, V> state,
            TtlTimeProvider timeProvider,
            CloseableRegistry cancelRegistry)
            throws StateMigrationException {
        for (PartChange<V> change : changes) {
            for (KeyGroupRange range : change.keyGroups()) {
                LOG.info(
                        "{} the rows of the state {} in the key groups {}: they are of another serializer.",
                        change.prior() == null ? "Checking" : "Migrating",
                        registered.name(),
                        range.prettyPrintInterval());
                for (int keyGroup : range) {
                    if (cancelRegistry.isClosed()) {
                        throw new CancelTaskException("Cancelled while migrating the state " + registered.name());
                    }
                    run(store, keyGroup, state, change, timeProvider);
                }
            }
        }
    }

    private void run(
            Store store,
            int keyGroup,
            AbstractForebayState<?, ?, V> state,
            PartChange<V> change,
            TtlTimeProvider timeProvider)
            throws StateMigrationException {
        TtlAwareSerializer<V, ?> prior = change.prior() == null ? null : ttlAware(change.prior());
        TtlAwareSerializer<V, ?> current =
                ttlAware(registered.<Object, V>keyValueMetaInfo().getStateSerializer());
        try (StoreIterator rows = store.iterator(KeyRange.prefix(KeyLayout.prefix(keyGroup, registered.id())))) {
            for (rows.seekToFirst(); rows.isValid(); rows.next()) {
                if (change.keys() != null && !change.keys().isAsPresent(rows.keyArray(), rows.keyLength())) {
                    throw new StateMigrationException(
                            "A namespace or user key in key group " + keyGroup + " is written in another format than"
                                    + " those of other parts of the checkpoint, and keys cannot be migrated: restore at the"
                                    + " parallelism of the checkpoint.");
                }
                if (prior != null) {
                    rows.value(value);
                    in.setBuffer(value.array(), 0, value.length());
                    out.clear();
                    state.migrate(in, out, prior, current, timeProvider);
                    state.writeMigrated(rows.keyArray(), rows.keyLength(), out, current);
                }
            }
        } catch (Exception e) {
            throw new StateMigrationException("Cannot migrate the state " + registered.name(), e);
        }
    }

    @SuppressWarnings("unchecked")
    private static <V> TtlAwareSerializer<V, ?> ttlAware(TypeSerializer<V> serializer) {
        return (TtlAwareSerializer<V, ?>) TtlAwareSerializer.wrapTtlAwareSerializer(serializer);
    }

    /** @throws StateMigrationException when the present serializer does not read the user keys of a part as they are */
    static <UK> void checkUserKeys(RegisteredKeyValueStateBackendMetaInfo<?, ?> metaInfo, TypeSerializer<?> current)
            throws StateMigrationException {
        TypeSerializerSnapshot<?> previous = metaInfo.getPreviousStateSerializerSnapshot();
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
