package io.forebay.flink.restore;

import io.forebay.flink.key.KeyGroupRanges;
import io.forebay.flink.snapshot.BackendMetadata;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle;
import org.apache.flink.runtime.state.IncrementalLocalKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupRange;

/**
 * A native snapshot, and the key groups that a backend takes from it. {@link #choose} decides which snapshot each key group
 * is taken from. It looks at key groups and generations only, and reads no rows and no serializers. Immutable.
 *
 * <p>Several snapshots may hold the same key group. Under the changelog backend a subtask hands on the snapshots that it
 * was restored from until it has materialized its state. It hands on whole snapshots, whatever key groups it has itself.
 * So after a change of the parallelism several subtasks have the same snapshot, and a subtask may have a snapshot with key
 * groups that another subtask has materialized since.
 *
 * <pre>
 *   generation 3                        [==== B ====]           materialized after the rescale
 *   generation 2   [================== A ======================]  handed on by two idle subtasks
 *   taken          [----- A -----]      [---- B ----] [-- A --]
 * </pre>
 *
 * <p>The snapshots of a backend are one generation newer than the newest snapshot that the backend was restored from. So
 * of all snapshots that hold a key group, the one of the highest generation has its present state.
 *
 * @param keyGroups ascending, adjacent ranges joined; empty when other snapshots are newer in all key groups
 */
record SnapshotPart<K>(IncrementalKeyedStateHandle handle, BackendMetadata<K> metadata, List<KeyGroupRange> keyGroups) {
    /** A snapshot of which nothing is taken yet. */
    SnapshotPart(IncrementalKeyedStateHandle handle, BackendMetadata<K> metadata) {
        this(handle, metadata, List.of());
    }

    /**
     * Gives each key group of {@code wanted} to the newest snapshot that holds it.
     *
     * @return newest first, without the snapshots of which nothing is taken
     * @throws IllegalStateException when two different snapshots of the same generation hold the same key group
     */
    static <K> List<SnapshotPart<K>> choose(KeyGroupRange wanted, List<SnapshotPart<K>> snapshots) {
        List<SnapshotPart<K>> newestFirst = new ArrayList<>(snapshots);
        newestFirst.sort(Comparator.comparingLong((SnapshotPart<K> part) -> -part.metadata.generation())
                .thenComparing(part -> !(part.handle instanceof IncrementalLocalKeyedStateHandle)));
        int first = wanted.getStartKeyGroup();
        int[] owners = new int[wanted.getNumberOfKeyGroups()];
        Arrays.fill(owners, -1);
        List<SnapshotPart<K>> chosen = new ArrayList<>();
        for (int i = 0; i < newestFirst.size(); i++) {
            SnapshotPart<K> snapshot = newestFirst.get(i);
            BitSet taken = new BitSet();
            for (int keyGroup : snapshot.handle.getKeyGroupRange().getIntersection(wanted)) {
                int owner = owners[keyGroup - first];
                if (owner < 0) {
                    owners[keyGroup - first] = i;
                    taken.set(keyGroup);
                } else if (!newestFirst.get(owner).replaces(snapshot)) {
                    throw new IllegalStateException("Two different snapshots of one generation hold the key group "
                            + keyGroup + ", and which of them has its state is not known: "
                            + newestFirst.get(owner).handle + " and " + snapshot.handle);
                }
            }
            if (!taken.isEmpty()) {
                chosen.add(new SnapshotPart<>(snapshot.handle, snapshot.metadata, KeyGroupRanges.of(taken)));
            }
        }
        return chosen;
    }

    /**
     * True if this snapshot is newer than the other one, or has the same state. A snapshot and its local copy have the same
     * state: the same files with the same bounds.
     */
    private boolean replaces(SnapshotPart<K> other) {
        return metadata.generation() > other.metadata.generation()
                || Arrays.equals(metadata.checkpoint(), other.metadata.checkpoint());
    }
}
