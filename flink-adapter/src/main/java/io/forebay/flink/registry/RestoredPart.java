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
 * What one part of a checkpoint tells of a state, and of which key groups. Subtasks differ: one may have used the state since
 * an upgrade of its serializer, and so migrated it, and another not; each has met other classes of a hierarchy. Which rows
 * today's serializer reads, and how, can only be asked of it, so all that the parts tell is kept until it is there.
 *
 * @param keyGroups those of this backend whose rows the part has brought
 * @param snapshot as it was read; null for all rows of a state that is registered once more
 * @param metaInfo made of the snapshot, with no serializer of today's yet
 */
@Internal
public record RestoredPart(
        List<KeyGroupRange> keyGroups, @Nullable StateMetaInfoSnapshot snapshot, RegisteredStateMetaInfoBase metaInfo) {
    /**
     * Option of a state that a snapshot lists more than once: the key groups that the entry is about, as {@code 0-7,12-15}.
     * Written for states that have been restored from unlike parts and not been used since.
     */
    static final String KEY_GROUPS = "FOREBAY_KEY_GROUPS";

    /** @param brought the key groups that are taken over from the part */
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
