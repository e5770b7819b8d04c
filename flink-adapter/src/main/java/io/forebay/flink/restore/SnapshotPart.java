package io.forebay.flink.restore;

import io.forebay.flink.snapshot.BackendMetadata;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle;
import org.apache.flink.runtime.state.IncrementalLocalKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupRange;

/**
 * A native snapshot, and the key groups that a backend takes from it.
 *
 * <p>Under the changelog backend a subtask hands on the snapshots that it was restored from until it has materialized its
 * state, and hands on the whole of them, whatever key groups it has. So after a change of the parallelism several subtasks
 * have the same snapshot, and some a snapshot with key groups that another subtask has materialized since. Every restore
 * makes the snapshots behind it one generation newer than any that it was given. So of the snapshots that hold a key group
 * the one of the highest generation has its state; what others have of it is from before.
 *
 * @param keyGroups ascending, with gaps between them; empty when other snapshots are newer in all
 */
record SnapshotPart<K>(IncrementalKeyedStateHandle handle, BackendMetadata<K> metadata, List<KeyGroupRange> keyGroups) {
    /** A snapshot of which nothing is taken yet. */
    SnapshotPart(IncrementalKeyedStateHandle handle, BackendMetadata<K> metadata) {
        this(handle, metadata, List.of());
    }

    /**
     * Gives each key group to the newest snapshot that holds it.
     *
     * @return newest first, without those of which nothing is taken
     * @throws IllegalStateException when two different ones of the same generation hold the same key group
     */
    static <K> List<SnapshotPart<K>> choose(KeyGroupRange wanted, List<SnapshotPart<K>> snapshots) {
        List<SnapshotPart<K>> byAge = new ArrayList<>(snapshots);
        byAge.sort(Comparator.comparingLong((SnapshotPart<K> part) -> -part.metadata.generation())
                .thenComparing(part -> !(part.handle instanceof IncrementalLocalKeyedStateHandle)));
        int first = wanted.getStartKeyGroup();
        int[] owners = new int[wanted.getNumberOfKeyGroups()];
        Arrays.fill(owners, -1);
        for (int i = 0; i < byAge.size(); i++) {
            for (int keyGroup : byAge.get(i).handle.getKeyGroupRange().getIntersection(wanted)) {
                int owner = owners[keyGroup - first];
                if (owner < 0) {
                    owners[keyGroup - first] = i;
                } else if (!byAge.get(owner).decidesAgainst(byAge.get(i))) {
                    throw new IllegalStateException("Two different snapshots of one generation hold the key group "
                            + keyGroup + ", and which of them has its state is not known: " + byAge.get(owner).handle
                            + " and " + byAge.get(i).handle);
                }
            }
        }
        List<SnapshotPart<K>> chosen = new ArrayList<>();
        for (int i = 0; i < byAge.size(); i++) {
            List<KeyGroupRange> taken = runs(owners, i, first);
            if (!taken.isEmpty()) {
                chosen.add(new SnapshotPart<>(byAge.get(i).handle, byAge.get(i).metadata, taken));
            }
        }
        return chosen;
    }

    /** The same files with the same bounds are the same state, as of a snapshot and its local copy. */
    private boolean decidesAgainst(SnapshotPart<K> other) {
        return metadata.generation() > other.metadata.generation()
                || Arrays.equals(metadata.checkpoint(), other.metadata.checkpoint());
    }

    private static List<KeyGroupRange> runs(int[] owners, int owner, int first) {
        List<KeyGroupRange> runs = new ArrayList<>();
        for (int from = 0; from < owners.length; from++) {
            if (owners[from] == owner) {
                int to = from;
                while (to + 1 < owners.length && owners[to + 1] == owner) {
                    to++;
                }
                runs.add(KeyGroupRange.of(first + from, first + to));
                from = to;
            }
        }
        return runs;
    }
}
