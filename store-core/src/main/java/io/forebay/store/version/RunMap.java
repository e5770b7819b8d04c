package io.forebay.store.version;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The files of each run, while edits are played on them. Used by one thread. */
final class RunMap {
    private final Map<Long, List<FileMeta>> files = new HashMap<>();
    /** Runs that no edit has changed yet, by rank; they are used again. */
    private final Map<Long, SortedRun> untouched = new HashMap<>();

    RunMap(List<SortedRun> runs) {
        for (SortedRun run : runs) {
            untouched.put(run.rank(), run);
        }
    }

    /** @throws IllegalArgumentException when the edit removes a file that is not there */
    void play(VersionEdit edit) {
        for (VersionEdit.Removed removed : edit.removed()) {
            if (!touch(removed.rank())
                    .removeIf(file -> file.id().equals(removed.id())
                            && Arrays.equals(file.range().from(), removed.from()))) {
                throw new IllegalArgumentException(
                        "An edit removes file " + removed.id() + " from run " + removed.rank() + ", where it is not");
            }
        }
        for (VersionEdit.Added added : edit.added()) {
            touch(added.rank()).add(added.file());
        }
    }

    /** The files of a run, which the caller may change. */
    List<FileMeta> touch(long rank) {
        SortedRun before = untouched.remove(rank);
        return before != null
                ? files.computeIfAbsent(rank, key -> new ArrayList<>(before.files()))
                : files.computeIfAbsent(rank, key -> new ArrayList<>());
    }

    Set<Long> ranks() {
        Set<Long> ranks = new HashSet<>(files.keySet());
        ranks.addAll(untouched.keySet());
        return ranks;
    }

    /** @throws IllegalArgumentException when files of a run overlap */
    List<SortedRun> toRuns() {
        List<SortedRun> runs = new ArrayList<>(untouched.values());
        files.forEach((rank, of) -> runs.add(new SortedRun(rank, of)));
        return runs;
    }
}
