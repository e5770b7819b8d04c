package io.forebay.flink.registry;

import java.util.List;
import org.apache.flink.annotation.Internal;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSchemaCompatibility;

/**
 * What the present serializer answers about the values of one part. Immutable.
 *
 * @param reader the serializer that reads the values of the part. If the answer is "migrate", it is the serializer that the
 *     values were written with. Otherwise it also writes values: it is the present serializer, or a reconfigured form of it
 */
@Internal
public record PartAnswer<T>(RestoredPart part, TypeSerializerSchemaCompatibility<T> answer, TypeSerializer<T> reader) {
    /**
     * Chooses the answer whose serializer the state has from now on. Of several parts it prefers a part whose reconfigured
     * serializer has the same format as the present one, because that serializer also knows the classes that the part has
     * met. Otherwise it prefers a part with the present serializer itself.
     *
     * @param answers at least one; none says "incompatible"
     * @return the index of the answer
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
