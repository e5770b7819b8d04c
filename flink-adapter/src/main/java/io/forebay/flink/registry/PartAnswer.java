package io.forebay.flink.registry;

import java.util.List;
import org.apache.flink.annotation.Internal;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSchemaCompatibility;

/**
 * The answer of the present serializer about the values of one part. Immutable.
 *
 * @param reader the serializer that reads the values. Without a migration it also writes them: the present serializer or a
 *     reconfigured one. With a migration it is the serializer that the values were written with
 */
@Internal
public record PartAnswer<T>(RestoredPart part, TypeSerializerSchemaCompatibility<T> answer, TypeSerializer<T> reader) {
    /**
     * Chooses the answer whose serializer the state has from now on, and returns its index. The present serializer is
     * best, in the form that a part has reconfigured if its format stays the same: this form knows the classes that the
     * part has met.
     *
     * @param answers at least one; none says "incompatible"
     */
    public static <T> int choose(List<PartAnswer<T>> answers, TypeSerializer<T> present) {
        int presentAsIs = -1;
        for (int i = 0; i < answers.size(); i++) {
            PartAnswer<T> candidate = answers.get(i);
            if (!candidate.isReconfigured()) {
                presentAsIs = presentAsIs < 0 ? i : presentAsIs;
            } else if (answers.size() > 1 && SerializerFormats.areSame(candidate.reader, present)) {
                return i;
            }
        }
        return Math.max(0, presentAsIs);
    }

    public boolean needsMigration() {
        return answer.isCompatibleAfterMigration();
    }

    private boolean isReconfigured() {
        return answer.isCompatibleWithReconfiguredSerializer();
    }
}
