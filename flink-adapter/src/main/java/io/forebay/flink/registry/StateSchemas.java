package io.forebay.flink.registry;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.api.common.typeutils.TypeSerializerSchemaCompatibility;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot.CommonSerializerKeys;

/**
 * Compares what parts of one checkpoint tell of a state. A subtask migrates the values of a state when it first uses it after
 * an upgrade, so parts of subtasks that have used it differ from those that have not; their rows cannot lie in one store, which
 * has one serializer to read them all.
 *
 * <p>Only a snapshot of a present serializer is made to be asked about an earlier one. Both of these are read from the
 * checkpoint, and may be of classes that have changed since: a POJO without one of its fields throws when it is asked about
 * its like, and a serializer that has been upgraded calls for a migration of both. So what they write is compared first.
 */
final class StateSchemas {
    private enum Answer {
        READS,
        READS_NOT,
        FAILED
    }

    private StateSchemas() {}

    /** @throws IllegalStateException when the rows of one part are not known to be readable as those of the other */
    static void checkAlike(StateMetaInfoSnapshot first, StateMetaInfoSnapshot other) {
        for (CommonSerializerKeys of : CommonSerializerKeys.values()) {
            TypeSerializerSnapshot<?> a = first.getTypeSerializerSnapshot(of);
            TypeSerializerSnapshot<?> b = other.getTypeSerializerSnapshot(of);
            List<Throwable> failures = new ArrayList<>();
            if (a != null && b != null && !areAlike(a, b, failures)) {
                IllegalStateException refusal = new IllegalStateException("The state '" + first.getName()
                        + "' is in two parts of the checkpoint as different serializers have written it, as before and after"
                        + " an upgrade ("
                        + of
                        + "). Such parts cannot be brought together in one subtask: restore at the parallelism of the"
                        + " checkpoint, and rescale from a later checkpoint, when all subtasks have used the state"
                        + " (with the changelog backend: have materialized it).");
                failures.forEach(refusal::addSuppressed);
                throw refusal;
            }
        }
    }

    private static boolean areAlike(
            TypeSerializerSnapshot<?> a, TypeSerializerSnapshot<?> b, List<Throwable> failures) {
        Answer aOfB = ask(a, b, failures);
        Answer bOfA = ask(b, a, failures);
        if (writeTheSame(a, b, failures)) {
            // Read from different versions of one snapshot class, they write the same too, and answer differently.
            return aOfB == bOfA;
        }
        // In either direction: a later serializer may read what an earlier one has written, and not the other way.
        return aOfB == Answer.READS || bOfA == Answer.READS;
    }

    private static boolean writeTheSame(
            TypeSerializerSnapshot<?> a, TypeSerializerSnapshot<?> b, List<Throwable> failures) {
        try {
            return Arrays.equals(write(a), write(b));
        } catch (IOException | RuntimeException | LinkageError e) {
            failures.add(e);
            return false;
        }
    }

    private static byte[] write(TypeSerializerSnapshot<?> snapshot) throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(64);
        TypeSerializerSnapshot.writeVersionedSnapshot(out, snapshot);
        return out.getCopyOfBuffer();
    }

    @SuppressWarnings("unchecked")
    private static <T> Answer ask(
            TypeSerializerSnapshot<?> reader, TypeSerializerSnapshot<?> rows, List<Throwable> failures) {
        try {
            TypeSerializerSchemaCompatibility<T> compatibility =
                    ((TypeSerializerSnapshot<T>) reader).resolveSchemaCompatibility((TypeSerializerSnapshot<T>) rows);
            return compatibility.isCompatibleAsIs() || compatibility.isCompatibleWithReconfiguredSerializer()
                    ? Answer.READS
                    : Answer.READS_NOT;
        } catch (RuntimeException | LinkageError e) {
            failures.add(e);
            return Answer.FAILED;
        }
    }
}
