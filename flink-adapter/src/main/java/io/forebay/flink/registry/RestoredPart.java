package io.forebay.flink.registry;

import io.forebay.flink.key.KeyGroupRanges;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import javax.annotation.Nullable;
import org.apache.flink.annotation.Internal;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.RegisteredKeyValueStateBackendMetaInfo;
import org.apache.flink.runtime.state.RegisteredPriorityQueueStateBackendMetaInfo;
import org.apache.flink.runtime.state.RegisteredStateMetaInfoBase;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;

/**
 * What one part of a checkpoint says about one state: the serializers that the part was written with, and the key groups
 * whose rows come from it. A part is a snapshot of one subtask.
 *
 * <p>Parts of one checkpoint may say different things about the same state. After an upgrade of a serializer one subtask
 * may have used the state, and so migrated its values, and another subtask may not have. Each subtask also has met other
 * classes of a hierarchy. Only the present serializer can say which values it reads, and how. This record keeps what a
 * part says until the job registers the state with its present serializer. It compares nothing and decides nothing: {@link
 * PartAnswer} holds what the present serializer answers.
 *
 * <p>One record stands for all key groups that are taken from a part, because Flink changes a snapshot of a list or map
 * serializer in place when the serializer is asked about it: a second record with the same snapshot would read another
 * serializer out of it. Immutable, apart from {@code metaInfo} and the serializer snapshots in {@code snapshot}.
 *
 * @param keyGroups the key groups of this backend whose rows come from the part; ascending, adjacent ranges joined
 * @param snapshot the snapshot as it was read; null when the record stands for all rows of a state that is registered
 *     again
 * @param metaInfo the meta info that the snapshot describes. Without a present serializer until a caller gives it one
 */
@Internal
public record RestoredPart(
        List<KeyGroupRange> keyGroups, @Nullable StateMetaInfoSnapshot snapshot, RegisteredStateMetaInfoBase metaInfo) {
    /**
     * The option of an entry of a state that a snapshot lists more than once: the key groups that the entry is about, as
     * {@code 0-7,12-15}. Only states that were restored from different parts and have not been registered since are
     * listed more than once.
     */
    static final String KEY_GROUPS = "FOREBAY_KEY_GROUPS";

    /**
     * The most ranges that {@link #format} is given for one entry: Flink writes an option with a length of two bytes, and
     * a range takes up to 12 bytes.
     */
    static final int MAX_RANGES_PER_ENTRY = 5000;

    /**
     * Reads one entry of a part.
     *
     * @param snapshot one entry; no other record may have the same object
     * @param taken the key groups that are taken from the part
     * @throws IllegalStateException when the option {@link #KEY_GROUPS} of the entry is damaged
     */
    public static RestoredPart of(StateMetaInfoSnapshot snapshot, List<KeyGroupRange> taken) {
        return new RestoredPart(
                keyGroups(snapshot, taken),
                snapshot,
                StateRegistry.kindOf(snapshot) == StateKind.KEY_VALUE
                        ? RegisteredKeyValueStateBackendMetaInfo.fromMetaInfoSnapshot(snapshot)
                        : new RegisteredPriorityQueueStateBackendMetaInfo<>(snapshot));
    }

    public boolean holds(int keyGroup) {
        for (KeyGroupRange range : keyGroups) {
            if (range.contains(keyGroup)) {
                return true;
            }
        }
        return false;
    }

    /** The value of the option {@link #KEY_GROUPS}. */
    static String format(List<KeyGroupRange> keyGroups) {
        return keyGroups.stream()
                .map(range -> range.getStartKeyGroup() + "-" + range.getEndKeyGroup())
                .collect(Collectors.joining(","));
    }

    private static List<KeyGroupRange> keyGroups(StateMetaInfoSnapshot snapshot, List<KeyGroupRange> taken) {
        String option = snapshot.getOption(KEY_GROUPS);
        return option == null
                ? KeyGroupRanges.union(taken)
                : KeyGroupRanges.intersection(parse(snapshot.getName(), option), taken);
    }

    private static List<KeyGroupRange> parse(String state, String option) {
        List<KeyGroupRange> ranges = new ArrayList<>();
        for (String range : option.split(",", -1)) {
            String[] bounds = range.split("-", -1);
            int end = bounds.length == 2 ? number(bounds[1]) : -1;
            int start = number(bounds[0]);
            if (start < 0 || start > end || end >= KeyGroupRangeAssignment.UPPER_BOUND_MAX_PARALLELISM) {
                throw new IllegalStateException(
                        "The snapshot is damaged: the state '" + state + "' has the key groups '" + option + "'");
            }
            ranges.add(new KeyGroupRange(start, end));
        }
        return ranges;
    }

    private static int number(String digits) {
        try {
            return Integer.parseInt(digits);
        } catch (NumberFormatException e) {
            return -1;
        }
    }
}
