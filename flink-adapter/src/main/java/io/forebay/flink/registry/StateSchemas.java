package io.forebay.flink.registry;

import javax.annotation.Nullable;
import org.apache.flink.api.common.typeutils.TypeSerializerSchemaCompatibility;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot.CommonSerializerKeys;

/**
 * Compares what parts of one checkpoint tell of a state. A subtask migrates the values of a state when it first uses it after
 * an upgrade, so parts of subtasks that have used it differ from those that have not; their rows cannot lie in one store, which
 * has one serializer to read them all.
 */
final class StateSchemas {
    private StateSchemas() {}

    /** @throws IllegalStateException when the rows of one part cannot be read as those of the other */
    static void checkAlike(StateMetaInfoSnapshot first, StateMetaInfoSnapshot other) {
        for (CommonSerializerKeys of : CommonSerializerKeys.values()) {
            TypeSerializerSnapshot<?> a = first.getTypeSerializerSnapshot(of);
            TypeSerializerSnapshot<?> b = other.getTypeSerializerSnapshot(of);
            // In either direction: a later serializer may read what an earlier one has written, and not the other way.
            if (!reads(a, b) && !reads(b, a)) {
                throw new IllegalStateException("The state '" + first.getName()
                        + "' is in one part of the checkpoint as before an upgrade of its serializer, and in another as after it ("
                        + of
                        + "). Such parts cannot be brought together in one subtask: restore at the parallelism of the"
                        + " checkpoint, and rescale from a later checkpoint, when all subtasks have used the state"
                        + " (with the changelog backend: have materialized it).");
            }
        }
    }

    @SuppressWarnings("unchecked")
    private static <T> boolean reads(
            @Nullable TypeSerializerSnapshot<?> reader, @Nullable TypeSerializerSnapshot<?> rows) {
        if (reader == null || rows == null) {
            return true;
        }
        TypeSerializerSchemaCompatibility<T> compatibility =
                ((TypeSerializerSnapshot<T>) reader).resolveSchemaCompatibility((TypeSerializerSnapshot<T>) rows);
        return compatibility.isCompatibleAsIs() || compatibility.isCompatibleWithReconfiguredSerializer();
    }
}
