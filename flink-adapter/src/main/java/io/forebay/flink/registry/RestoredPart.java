package io.forebay.flink.registry;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import javax.annotation.Nullable;
import org.apache.flink.annotation.Internal;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.RegisteredKeyValueStateBackendMetaInfo;
import org.apache.flink.runtime.state.RegisteredPriorityQueueStateBackendMetaInfo;
import org.apache.flink.runtime.state.RegisteredStateMetaInfoBase;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;

/**
 * What one part of a checkpoint says about a state, and for which key groups. Parts of different subtasks differ: after
 * an upgrade of the serializer one subtask may have used the state, and so migrated it, and another may not; and each
 * subtask has met other classes of a hierarchy. Only the present serializer can say which rows it reads, and how. So this
 * information is kept until the job gives that serializer. Immutable, apart from the serializers in {@code metaInfo}.
 *
 * @param keyGroups the key groups of this backend whose rows come from the part
 * @param snapshot the snapshot as it was read; null for all rows of a state that is registered again
 * @param metaInfo the meta info of the snapshot, without a present serializer yet
 */
@Internal
public record RestoredPart(
        List<KeyGroupRange> keyGroups, @Nullable StateMetaInfoSnapshot snapshot, RegisteredStateMetaInfoBase metaInfo) {
    /**
     * Option of a state that a snapshot lists more than once: the key groups that the entry is about, as {@code 0-7,12-15}.
     * Written for states that were restored from different parts and have not been used since.
     */
    static final String KEY_GROUPS = "FOREBAY_KEY_GROUPS";

    /** @param brought the key groups that are restored from the part */
    public static RestoredPart of(StateMetaInfoSnapshot snapshot, KeyGroupRange brought) {
        return new RestoredPart(
                keyGroups(snapshot, brought),
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

    static String format(List<KeyGroupRange> keyGroups) {
        return keyGroups.stream()
                .map(range -> range.getStartKeyGroup() + "-" + range.getEndKeyGroup())
                .collect(Collectors.joining(","));
    }

    private static List<KeyGroupRange> keyGroups(StateMetaInfoSnapshot snapshot, KeyGroupRange brought) {
        String option = snapshot.getOption(KEY_GROUPS);
        List<KeyGroupRange> written = option == null ? List.of(brought) : parse(snapshot.getName(), option);
        List<KeyGroupRange> taken = new ArrayList<>();
        for (KeyGroupRange range : written) {
            KeyGroupRange both = range.getIntersection(brought);
            if (both.getNumberOfKeyGroups() > 0) {
                taken.add(both);
            }
        }
        return taken;
    }

    private static List<KeyGroupRange> parse(String state, String option) {
        try {
            return Arrays.stream(option.split(","))
                    .map(range -> range.split("-"))
                    .map(bounds -> new KeyGroupRange(Integer.parseInt(bounds[0]), Integer.parseInt(bounds[1])))
                    .collect(Collectors.toList());
        } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
            throw new IllegalStateException(
                    "The snapshot is damaged: the state '" + state + "' has the key groups '" + option + "'", e);
        }
    }
}
