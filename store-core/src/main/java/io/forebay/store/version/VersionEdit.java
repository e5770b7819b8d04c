package io.forebay.store.version;

import java.util.ArrayList;
import java.util.List;

/**
 * One atomic change of a store: files that leave and files that come, and, when a commit becomes durable with it, that
 * commit. Filled by one thread, then handed to {@link VersionSet#apply}.
 */
public final class VersionEdit {
    /** A file that leaves its run. A virtual file is told from its siblings by where its visible range begins. */
    public record Removed(long rank, FileId id, byte[] from) {}

    /** A file that joins a run. */
    public record Added(long rank, FileMeta file) {}

    /** A commit: everything up to {@code sequence}, with bytes of the caller. */
    public record Commit(long sequence, byte[] payload) {}

    /**
     * The logs that hold what is not in files: those of {@code id} from number {@code first} on, which exists; none when the
     * id is 0. Logs of lower numbers are of no use any more.
     */
    public record Logs(long id, long first) {
        /** There never was a log. */
        public static final Logs NONE = new Logs(0, 0);
    }

    private final List<Removed> removed = new ArrayList<>();
    private final List<Added> added = new ArrayList<>();
    private Commit commit;
    private long lastSequence = -1;
    private long keptSequence = -1;
    private Logs logs;
    private long nextRank = -1;
    private String mergeName;
    /** Set by {@link VersionSet}. */
    boolean durable;

    public VersionEdit remove(long rank, FileMeta file) {
        removed.add(new Removed(rank, file.id(), file.range().from()));
        return this;
    }

    /** {@code file} must have been acquired or otherwise be referred to until the edit is applied. */
    public VersionEdit add(long rank, FileMeta file) {
        added.add(new Added(rank, file));
        return this;
    }

    /** The commit that is durable once this edit is. */
    public VersionEdit commit(long sequence, byte[] payload) {
        commit = new Commit(sequence, payload.clone());
        return this;
    }

    /** A sequence number that all later writes are above. */
    public VersionEdit lastSequence(long sequence) {
        lastSequence = sequence;
        return this;
    }

    /** Writes up to {@code sequence} are in files and stay, although no commit may cover them; it never falls. */
    public VersionEdit keep(long sequence) {
        keptSequence = sequence;
        return this;
    }

    /** Which write-ahead logs are needed once this edit is durable. */
    public VersionEdit logs(Logs needed) {
        logs = needed;
        return this;
    }

    /** Name of the merge function; only in the first edit of a store that has one, or in the one that gives it one. */
    public VersionEdit mergeName(String name) {
        mergeName = name;
        return this;
    }

    VersionEdit nextRank(long rank) {
        nextRank = rank;
        return this;
    }

    VersionEdit remove(Removed file) {
        removed.add(file);
        return this;
    }

    public List<Removed> removed() {
        return removed;
    }

    public List<Added> added() {
        return added;
    }

    /** Null when no commit becomes durable. */
    public Commit commit() {
        return commit;
    }

    /** -1 when not said. */
    public long lastSequence() {
        return lastSequence;
    }

    /** -1 when not said. */
    public long keptSequence() {
        return keptSequence;
    }

    /** Null when not said. */
    public Logs logs() {
        return logs;
    }

    /** Null when not said. */
    public String mergeName() {
        return mergeName;
    }

    /** -1 when not said. */
    long nextRank() {
        return nextRank;
    }

    /** True once the manifest says so: whatever fails from then on, it cannot be taken back. */
    public boolean isDurable() {
        return durable;
    }

    /** True when applying it would change nothing. */
    public boolean isEmpty() {
        return removed.isEmpty()
                && added.isEmpty()
                && commit == null
                && lastSequence < 0
                && keptSequence < 0
                && logs == null
                && mergeName == null;
    }
}
