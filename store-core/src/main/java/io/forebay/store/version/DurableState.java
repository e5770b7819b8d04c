package io.forebay.store.version;

/**
 * What the manifest says besides the files: the durable commit, sequence numbers, ranks, the logs that are needed, and
 * the name of the merge function. Thread-safe; one thread at a time plays edits.
 */
final class DurableState {
    // Written under this, read without
    private volatile VersionEdit.Commit commit = new VersionEdit.Commit(0, new byte[0]);
    private volatile long keptSequence;
    private volatile VersionEdit.Logs logs = VersionEdit.Logs.NONE;
    private volatile String mergeName;

    // Guarded by this
    private long lastSequence;
    private long nextRank = 1;

    VersionEdit.Commit commit() {
        return commit;
    }

    VersionEdit.Logs logs() {
        return logs;
    }

    String mergeName() {
        return mergeName;
    }

    /** Writes up to this one are durable by the manifest alone. */
    long durableSequence() {
        return Math.max(commit.sequence(), keptSequence);
    }

    synchronized long lastSequence() {
        return lastSequence;
    }

    synchronized void lastSequence(long sequence) {
        lastSequence = sequence;
    }

    /** A rank above all ranks in use. Each rank is given out once. */
    synchronized long takeRank() {
        return nextRank++;
    }

    /** Marks the ranks below {@code next} as used. */
    synchronized void reserveRanks(long next) {
        nextRank = Math.max(nextRank, next);
    }

    /** The next rank after {@code edit} is played. */
    synchronized long nextRankAfter(VersionEdit edit) {
        long next = Math.max(nextRank, edit.nextRank());
        for (VersionEdit.Added added : edit.added()) {
            next = Math.max(next, added.rank() + 1);
        }
        return next;
    }

    synchronized void play(VersionEdit edit) {
        if (edit.commit() != null) {
            commit = edit.commit();
        }
        if (edit.mergeName() != null) {
            mergeName = edit.mergeName();
        }
        if (edit.logs() != null) {
            logs = edit.logs();
        }
        keptSequence = Math.max(keptSequence, edit.keptSequence());
        lastSequence = Math.max(lastSequence, edit.lastSequence());
        for (VersionEdit.Added added : edit.added()) {
            lastSequence = Math.max(lastSequence, added.file().newestSequence());
        }
        nextRank = Math.max(nextRank, edit.nextRank());
    }

    /** One edit that leads from an empty state to this state after {@code edit}, with the files of {@code version}. */
    VersionEdit whole(VersionEdit edit, Version version) {
        VersionEdit state = new VersionEdit();
        for (SortedRun run : version.runs()) {
            for (FileMeta file : run.files()) {
                state.add(run.rank(), file);
            }
        }
        VersionEdit.Commit last = edit.commit() != null ? edit.commit() : commit;
        state.commit(last.sequence(), last.payload());
        state.lastSequence(Math.max(lastSequence(), edit.lastSequence()));
        state.nextRank(nextRankAfter(edit));
        long kept = Math.max(keptSequence, edit.keptSequence());
        if (kept > 0) {
            state.keep(kept);
        }
        VersionEdit.Logs needed = edit.logs() != null ? edit.logs() : logs;
        if (!needed.equals(VersionEdit.Logs.NONE)) {
            state.logs(needed);
        }
        String merge = edit.mergeName() != null ? edit.mergeName() : mergeName;
        if (merge != null) {
            state.mergeName(merge);
        }
        return state;
    }
}
