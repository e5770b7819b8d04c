package io.forebay.flink.timer;

import io.forebay.flink.key.KeyLayout;
import io.forebay.flink.registry.PartAnswer;
import io.forebay.flink.registry.PartFailures;
import io.forebay.flink.registry.RegisteredState;
import io.forebay.flink.registry.RestoredPart;
import io.forebay.flink.registry.SerializerFormats;
import io.forebay.store.KeyRange;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSchemaCompatibility;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.RegisteredPriorityQueueStateBackendMetaInfo;
import org.apache.flink.util.FlinkRuntimeException;
import org.apache.flink.util.StateMigrationException;

/**
 * Decides, when a job registers a queue whose elements are rows, which serializer reads all its elements. It asks the
 * registered serializer about each {@link RestoredPart} of the queue. Elements are keys of rows, and keys are not rewritten:
 * so this class refuses a part whose elements the chosen serializer would write differently. It changes no rows, and has
 * nothing to do with queues on the heap, whose elements a restore reads part by part. Used by one thread, that of the task.
 */
final class QueueSchemas<T> {
    private final RegisteredState queue;
    private final TypeSerializer<T> registered;
    private final Store store;

    QueueSchemas(RegisteredState queue, TypeSerializer<T> registered, Store store) {
        this.queue = queue;
        this.registered = registered;
        this.store = store;
    }

    /**
     * Returns the serializer that reads all elements: the registered serializer, or a reconfigured form of it.
     *
     * @throws FlinkRuntimeException when no serializer reads the elements of all parts
     */
    TypeSerializer<T> resolve() {
        List<PartAnswer<T>> answers = ask();
        if (answers.isEmpty()) {
            return registered;
        }
        TypeSerializer<T> chosen =
                answers.get(PartAnswer.choose(answers, registered)).reader();
        for (PartAnswer<T> answer : answers) {
            if (!SerializerFormats.areSame(answer.reader(), chosen)) {
                check(answer, chosen);
            }
        }
        return chosen;
    }

    /** Returns the answers about all parts, or none when the queue has the registered serializer already. */
    private List<PartAnswer<T>> ask() {
        List<RestoredPart> parts = queue.parts().isEmpty()
                ? List.of(new RestoredPart(List.of(), null, queue.queueMetaInfo()))
                : queue.parts();
        List<PartAnswer<T>> answers = new ArrayList<>();
        PartFailures failures = new PartFailures();
        for (RestoredPart part : parts) {
            @SuppressWarnings("unchecked")
            RegisteredPriorityQueueStateBackendMetaInfo<T> metaInfo =
                    (RegisteredPriorityQueueStateBackendMetaInfo<T>) part.metaInfo();
            TypeSerializerSchemaCompatibility<T> answer;
            try {
                if (metaInfo.getPreviousElementSerializer() == registered) {
                    continue;
                }
                answer = metaInfo.updateElementSerializer(registered);
            } catch (RuntimeException | LinkageError e) {
                failures.add(e);
                continue;
            }
            if (answer.isIncompatible() || answer.isCompatibleAfterMigration()) {
                throw new FlinkRuntimeException(
                        new StateMigrationException("The serializer of the queue " + queue.name()
                                + (answer.isIncompatible()
                                        ? " is incompatible with the one it was written with"
                                        : " has another format than the one it was written with")
                                + ", and queues cannot be migrated."));
            }
            answers.add(new PartAnswer<>(part, answer, metaInfo.getElementSerializer()));
        }
        failures.throwOrLog(queue.name(), parts.size());
        return answers;
    }

    /**
     * Checks each element of a part: two serializers that are not known to be the same may still write all these elements
     * with the same bytes.
     */
    private void check(PartAnswer<T> answer, TypeSerializer<T> chosen) {
        DataInputDeserializer in = new DataInputDeserializer();
        DataOutputSerializer out = new DataOutputSerializer(64);
        for (KeyGroupRange range : answer.part().keyGroups()) {
            for (int keyGroup : range) {
                try (StoreIterator rows = store.iterator(KeyRange.prefix(KeyLayout.prefix(keyGroup, queue.id())))) {
                    for (rows.seekToFirst(); rows.isValid(); rows.next()) {
                        int from = KeyLayout.PREFIX_BYTES;
                        in.setBuffer(rows.keyArray(), from, rows.keyLength() - from);
                        out.clear();
                        chosen.serialize(answer.reader().deserialize(in), out);
                        if (!Arrays.equals(
                                rows.keyArray(), from, rows.keyLength(), out.getSharedBuffer(), 0, out.length())) {
                            throw new FlinkRuntimeException(new StateMigrationException("An element of the queue "
                                    + queue.name() + " in key group " + keyGroup
                                    + " is written in another format than those of other parts of the checkpoint, and queues"
                                    + " cannot be migrated: restore at the parallelism of the checkpoint."));
                        }
                    }
                } catch (IOException e) {
                    throw new FlinkRuntimeException("Cannot read the queue " + queue.name(), e);
                }
            }
        }
    }
}
