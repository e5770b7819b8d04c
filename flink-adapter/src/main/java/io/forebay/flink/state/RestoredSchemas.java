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
 * Asks the serializers that a job registers a state with about every part that it was restored from. Only they are made to be
 * asked: two snapshots that were read back do not answer reliably about each other.
 *
 * <p>What cannot be asked about is read as the other parts are, as Flink's own backends read all parts but one. Nothing is
 * refused but what the serializers call incompatible, and keys that today's are seen to write otherwise.
 */
final class RestoredSchemas<N, V> {
    private final TypeSerializer<?> keys;
    private final TypeSerializer<N> namespaces;
    private final StateDescriptor<?, V> descriptor;
    private final boolean readBack;
    private final List<PartAnswer<N>> ofNamespaces = new ArrayList<>();
    private final List<PartAnswer<V>> ofValues = new ArrayList<>();

    /**
     * @param readBack whether the serializers are not the job's but restored ones: with the changelog backend, which applies
     *     its log before the job registers anything
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
     * @return what is to be done with its rows before they are used, empty for most
     * @throws StateMigrationException when a serializer is incompatible with that of a part, or of keys and not the same
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

    /** An earlier serializer may not know all that the values of a later one hold, and one that was read back may be either. */
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
        failures.settle(descriptor.getName(), parts.size());
    }

    private void ask(RestoredPart part) throws StateMigrationException {
        RegisteredKeyValueStateBackendMetaInfo<N, V> metaInfo = metaInfo(part);
        // Fetched before the updates, after which an incompatible serializer cannot be shown any more.
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

    /** "As it is" is said of the job's serializer: an enum's compares the class of today, in which order it ever writes itself. */
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
