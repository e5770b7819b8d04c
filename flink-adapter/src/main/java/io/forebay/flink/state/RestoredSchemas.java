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
 * Asks the serializers with which a job registers a state about each part that the state was restored from. Flink's
 * compatibility check is made for these serializers only: two snapshots that were read from checkpoints do not answer
 * reliably about each other.
 *
 * <p>A part about which the serializers cannot answer is read like the other parts, as Flink's own backends read all
 * parts but one. Only two things are refused: what the serializers call incompatible, and row keys that the present
 * serializers would write differently. Used by one thread, that of the task.
 */
final class RestoredSchemas<N, V> {
    private final TypeSerializer<?> keys;
    private final TypeSerializer<N> namespaces;
    private final StateDescriptor<?, V> descriptor;
    private final boolean readBack;
    private final List<PartAnswer<N>> ofNamespaces = new ArrayList<>();
    private final List<PartAnswer<V>> ofValues = new ArrayList<>();

    /**
     * @param readBack true when the serializers are restored ones, and not those of the job: the changelog backend
     *     applies its log before the job registers anything
     */
    RestoredSchemas(
            TypeSerializer<?> keys, TypeSerializer<N> namespaces, StateDescriptor<?, V> descriptor, boolean readBack) {
        this.keys = keys;
        this.namespaces = namespaces;
        this.descriptor = descriptor;
        this.readBack = readBack;
    }

    /**
     * Gives the state the serializers that it has from now on.
     *
     * @param all the key groups of the backend
     * @return what has to be done with the rows before they are used; empty in most cases
     * @throws StateMigrationException when a serializer is incompatible with that of a part, or when a serializer of
     *     namespaces or user keys needs a migration
     */
    List<PartChange<V>> update(RegisteredState state, KeyGroupRange all) throws StateMigrationException {
        ask(state.parts().isEmpty() ? List.of(new RestoredPart(List.of(all), null, state.metaInfo())) : state.parts());
        if (readBack) {
            checkAlike();
        }
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
     * Refuses restored serializers when some parts need a migration and others do not. An earlier serializer may not know
     * all that the values of a later one contain, and a restored serializer may be the earlier or the later one.
     */
    private void checkAlike() throws StateMigrationException {
        long toMigrate = ofValues.stream().filter(PartAnswer::needsMigration).count();
        if (toMigrate > 0 && toMigrate < ofValues.size()) {
            throw new StateMigrationException(
                    "The state " + descriptor.getName()
                            + " is in parts of the checkpoint from before and after an upgrade of its serializer, and the changelog"
                            + " backend has changes of it that are to be applied before the job's serializer is there: restore at the"
                            + " parallelism of the checkpoint, and rescale from a later one, when all subtasks have materialized it.");
        }
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
        // Fetched before the updates: after them an incompatible serializer cannot be named in a message any more.
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
     * The serializer that reads the values of a part. "Compatible as is" holds for a serializer of the job only. For a
     * restored one it may mislead: the serializer of an enum compares the present class, in whatever order it writes the
     * constants itself.
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
