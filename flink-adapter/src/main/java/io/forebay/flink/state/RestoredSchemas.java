package io.forebay.flink.state;

import io.forebay.flink.registry.PartAnswer;
import io.forebay.flink.registry.PartFailures;
import io.forebay.flink.registry.RegisteredState;
import io.forebay.flink.registry.RestoredPart;
import io.forebay.flink.registry.SerializerFormats;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSchemaCompatibility;
import org.apache.flink.api.common.typeutils.base.MapSerializer;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.RegisteredKeyValueStateBackendMetaInfo;
import org.apache.flink.util.StateMigrationException;

/**
 * Decides, when a job registers a restored key/value state, how the rows of each {@link RestoredPart} are read from now on.
 * It asks the registered serializers about each part, chooses the serializers that the state has from now on, and lists
 * what has to be done with rows first, as {@link PartChange}s. It does not read or write a row: {@link StateMigration} does
 * that.
 *
 * <pre>
 *   answer about a part        | rows of the part
 *   "as it is", "reconfigured" | stay if the chosen serializers read them, and are rewritten otherwise
 *   "migrate"                  | are rewritten
 *   "incompatible"             | are refused
 *   an exception               | are read like the rows of other parts, as by Flink's own backends ({@link PartFailures})
 * </pre>
 *
 * <p>Only the registered serializers are asked, because Flink makes its compatibility check for the serializers of a job:
 * two serializer snapshots that were read from checkpoints do not answer reliably about each other. Row keys are never
 * rewritten: where the chosen serializers may write a namespace or user key differently, the rows are checked. Used by one
 * thread, that of the task.
 */
final class RestoredSchemas<N, V> {
    private final TypeSerializer<?> keys;
    private final TypeSerializer<N> namespaces;
    private final StateDescriptor<?, V> descriptor;
    private final boolean readBack;
    private final List<PartAnswer<N>> ofNamespaces = new ArrayList<>();
    private final List<PartAnswer<V>> ofValues = new ArrayList<>();

    /**
     * @param keys the serializer of keys that the backend has
     * @param readBack true when the serializers were read back from a snapshot, and are not those of the job: the
     *     changelog backend applies its log before the job registers anything
     */
    RestoredSchemas(
            TypeSerializer<?> keys, TypeSerializer<N> namespaces, StateDescriptor<?, V> descriptor, boolean readBack) {
        this.keys = keys;
        this.namespaces = namespaces;
        this.descriptor = descriptor;
        this.readBack = readBack;
    }

    /**
     * Gives the state the serializers that it has from now on. Called once.
     *
     * @param all the key groups of the backend
     * @return what has to be done with rows before they are used; empty in most cases
     * @throws StateMigrationException when a serializer is incompatible with the serializer of a part, or when a serializer
     *     of namespaces or user keys needs a migration
     */
    List<PartChange<V>> update(RegisteredState state, KeyGroupRange all) throws StateMigrationException {
        ask(state.parts().isEmpty() ? List.of(new RestoredPart(List.of(all), null, state.metaInfo())) : state.parts());
        checkDirection(state);
        int chosen = PartAnswer.choose(ofValues, descriptor.getSerializer());
        RegisteredKeyValueStateBackendMetaInfo<N, V> metaInfo =
                metaInfo(ofValues.get(chosen).part());
        List<PartChange<V>> changes = new ArrayList<>();
        for (int i = 0; i < ofValues.size(); i++) {
            PartChange<V> change = change(ofNamespaces.get(i), ofValues.get(i), metaInfo);
            if (change.prior() != null || change.keys() != null) {
                changes.add(change);
            }
        }
        state.setMetaInfo(metaInfo);
        return changes;
    }

    /**
     * Refuses to leave parts as an earlier serializer has rewritten them: it may have lost a part of the values that a later
     * serializer had written. When a serializer that was read back migrates some parts and not others, or cannot be asked
     * about some, it may be from before or from after the upgrade. Neither the parts nor their generations tell which,
     * because those of different subtasks do not count the same restarts. The present serializer tells: if it needs no
     * migration after that, the parts were migrated to the present format. So the rows are migrated in the local store, and
     * the decision waits until the job registers the state.
     */
    private void checkDirection(RegisteredState state) throws StateMigrationException {
        long toMigrate = ofValues.stream().filter(PartAnswer::needsMigration).count();
        if (state.awaitsPresentSerializer() && toMigrate > 0) {
            throw new StateMigrationException("The checkpoint has parts of the state " + descriptor.getName()
                    + " from before and from after an upgrade of its serializer, and a log of the changelog backend with"
                    + " another serializer than the present one, so that values may lose what a later serializer has"
                    + " written: restore the checkpoint with the job and at the parallelism that it was taken with, take a"
                    + " savepoint, and upgrade or rescale from that.");
        }
        boolean unlike = toMigrate > 0 && toMigrate < ofValues.size()
                || ofValues.size() < state.parts().size();
        state.awaitPresentSerializer(readBack && (unlike || state.awaitsPresentSerializer()));
    }

    private void ask(List<RestoredPart> parts) throws StateMigrationException {
        PartFailures failures = new PartFailures();
        for (RestoredPart part : parts) {
            metaInfo(part).checkStateMetaInfo(descriptor);
            try {
                ask(part);
            } catch (RuntimeException | LinkageError e) {
                failures.add(e);
            }
        }
        failures.throwOrLog(descriptor.getName(), parts.size());
    }

    private void ask(RestoredPart part) throws StateMigrationException {
        RegisteredKeyValueStateBackendMetaInfo<N, V> metaInfo = metaInfo(part);
        // Before the updates: after an update the meta info does not give an incompatible serializer any more, and
        // Flink
        // has changed the snapshot of a list or map serializer.
        TypeSerializer<N> previousNamespaces = metaInfo.getNamespaceSerializer();
        TypeSerializer<V> previousValues = metaInfo.getStateSerializer();
        TypeSerializerSchemaCompatibility<N> ofNamespace = metaInfo.updateNamespaceSerializer(namespaces);
        if (ofNamespace.isCompatibleAfterMigration() || ofNamespace.isIncompatible()) {
            throw new StateMigrationException("The new namespace serializer (" + namespaces
                    + ") must be compatible with the old namespace serializer (" + previousNamespaces + ").");
        }
        TypeSerializerSchemaCompatibility<V> ofValue = metaInfo.updateStateSerializer(descriptor.getSerializer());
        if (ofValue.isIncompatible()) {
            throw new StateMigrationException("The new state serializer (" + descriptor.getSerializer()
                    + ") must not be incompatible with the old state serializer (" + previousValues + ").");
        }
        ofNamespaces.add(new PartAnswer<>(
                part, ofNamespace, reader(ofNamespace, previousNamespaces, metaInfo.getNamespaceSerializer())));
        ofValues.add(new PartAnswer<>(part, ofValue, reader(ofValue, previousValues, metaInfo.getStateSerializer())));
    }

    /**
     * The serializer that reads the values of a part. The answer "compatible as is" counts for a serializer of the job
     * only. From a serializer that was read back it may be wrong: a serializer of an enum compares the constants of the
     * present class, and may number them in another order itself.
     */
    private <T> TypeSerializer<T> reader(
            TypeSerializerSchemaCompatibility<T> answer, TypeSerializer<T> previous, TypeSerializer<T> updated) {
        return answer.isCompatibleAfterMigration() || readBack && answer.isCompatibleAsIs() ? previous : updated;
    }

    private PartChange<V> change(
            PartAnswer<N> namespace, PartAnswer<V> value, RegisteredKeyValueStateBackendMetaInfo<N, V> chosen)
            throws StateMigrationException {
        TypeSerializer<V> present = chosen.getStateSerializer();
        boolean isMap = descriptor.getType() == StateDescriptor.Type.MAP;
        if (value.needsMigration() && isMap) {
            StateMigration.checkUserKeys(metaInfo(value.part()), present);
        }
        RowKeyCheck.Serializers<N> ofNamespaces =
                new RowKeyCheck.Serializers<>(namespace.reader(), chosen.getNamespaceSerializer());
        RowKeyCheck.Serializers<?> ofUserKeys = isMap ? userKeys(value.reader(), present) : null;
        boolean keysAreSame = ofNamespaces.areSame() && (ofUserKeys == null || ofUserKeys.areSame());
        boolean stays = !value.needsMigration() && SerializerFormats.areSame(value.reader(), present);
        return new PartChange<>(
                value.part().keyGroups(),
                stays ? null : value.reader(),
                keysAreSame ? null : new RowKeyCheck<>(keys, ofNamespaces, ofUserKeys));
    }

    @SuppressWarnings("unchecked")
    private static <UK> RowKeyCheck.Serializers<UK> userKeys(TypeSerializer<?> prior, TypeSerializer<?> present) {
        return new RowKeyCheck.Serializers<>(
                ((MapSerializer<UK, ?>) prior).getKeySerializer(), ((MapSerializer<UK, ?>) present).getKeySerializer());
    }

    @SuppressWarnings("unchecked")
    private static <N, V> RegisteredKeyValueStateBackendMetaInfo<N, V> metaInfo(RestoredPart part) {
        return (RegisteredKeyValueStateBackendMetaInfo<N, V>) part.metaInfo();
    }
}
