package io.forebay.store.version;

import java.util.ArrayList;
import java.util.List;

/**
 * One atomic change of a version: files that leave and files that come, and the commit that becomes durable with it, if
 * there is one. Used by one thread: it fills the edit, and then calls {@link VersionSet#apply}.
 */
public final class VersionEdit {
    /** A file that leaves its run. The start of its visible range tells it from other virtual files of the same SST. */
    public record Removed(long rank, FileId id, byte[] from) {}

    /** A file that joins a run. */
    public record Added(long rank, FileMeta file) {}

    /** A commit: everything up to {@code sequence}, with the payload of the caller. */
    public record Commit(long sequence, byte[] payload) {}

    /**
     * The logs that have writes which are not in files: those with {@code id}, from number {@code first} on, which
     * exists. There are none when the id is 0. Logs of lower numbers are not needed any more.
     */
    public record Logs(long id, long first) {
        /** The store has never had a log. */
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
    /** Set by {@link VersionSet} when the edit is durable. */
    boolean durable;

    public VersionEdit remove(long rank, FileMeta file) {
        removed.add(new Removed(rank, file.id(), file.range().from()));
        return this;
    }

    /** Until the edit is applied {@code file} must have a reference. */
    public VersionEdit add(long rank, FileMeta file) {
        added.add(new Added(rank, file));
        return this;
    }

    /** The commit that is durable when this edit is durable. */
    public VersionEdit commit(long sequence, byte[] payload) {
        commit = new Commit(sequence, payload.clone());
        return this;
    }

    /** A sequence number below those of all later writes. */
    public VersionEdit lastSequence(long sequence) {
        lastSequence = sequence;
        return this;
    }

    /**
     * Keeps writes: writes up to {@code sequence} are in files and stay, although no commit may cover them. The number
     * never falls.
     */
    public VersionEdit keep(long sequence) {
        keptSequence = sequence;
        return this;
    }

    /** The write-ahead logs that are needed when this edit is durable. */
    public VersionEdit logs(Logs needed) {
        logs = needed;
        return this;
    }

    /**
     * Name of the merge function; only in the first edit of a store that has one, or in the edit that gives a merge
     * function to a store.
     */
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

    /** True when the edit is in the manifest: it cannot be taken back any more, whatever fails later. */
    public boolean isDurable() {
        return durable;
    }

    /** True when the edit would change nothing. */
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
