package io.forebay.flink.registry;

import java.util.List;
import org.apache.flink.annotation.Internal;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSchemaCompatibility;

/**
 * What today's serializer has answered about the values of one part.
 *
 * @param reader reads them, and writes them if they need no migration: today's serializer or a reconfigured one; with a
 *     migration, the one that they were written with
 */
@Internal
public record PartAnswer<T>(RestoredPart part, TypeSerializerSchemaCompatibility<T> answer, TypeSerializer<T> reader) {
    /**
     * The number of the answer that decides which serializer the state has from now on. Best is today's serializer, in the form
     * that a part has reconfigured if that changes nothing: it knows the classes that the part has met.
     *
     * @param answers one at least, none of them incompatible
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
