package io.forebay.store.db;

import io.forebay.store.Durability;
import io.forebay.store.FileStore;
import io.forebay.store.StoreOptions;
import io.forebay.store.cache.BlockSlots;
import io.forebay.store.flush.SstTarget;
import io.forebay.store.key.KeyText;
import io.forebay.store.memtable.Memtable;
import io.forebay.store.util.Cancellation;
import io.forebay.store.version.Version;
import io.forebay.store.version.VersionSet;
import io.forebay.store.wal.WriteAheadLog;

/** The parts of one open store, for each other. */
final class StoreContext {
    /** So small a part of the budget are the places of one file's blocks. */
    private static final int METADATA_SHARE = 64;

    final EngineResources shared;
    final FileStore files;
    final StoreOptions options;
    final VersionSet versions;
    final Lifecycle lifecycle;
    final WriterGate gate;
    final SnapshotList snapshots = new SnapshotList();
    final EmptySpansTracker emptySpans = new EmptySpansTracker();
    final CommitTracker commits;
    final ReadStates states;
    final Progress progress;
    final Counters counters = new Counters();
    /** Cancelled when the store is discarded: what flushes are writing is for nothing. */
    final Cancellation discarded = new Cancellation();
    /** Null without a write-ahead log, and until logs of before are replayed. */
    private volatile WriteAheadLog log;
    /** Whether a flush keeps what no commit covers: with a log, and while one is replayed. */
    private volatile boolean keeping;

    /** @param versions opened and recovered; closed by the store */
    StoreContext(EngineResources shared, FileStore files, StoreOptions options, VersionSet versions) {
        this.shared = shared;
        this.files = files;
        this.options = options;
        this.versions = versions;
        gate = new WriterGate(options.durability() != Durability.NONE);
        lifecycle = new Lifecycle(options.name());
        progress = new Progress(shared.executor());
        commits = new CommitTracker(new CommitMark(
                versions.durableCommit().sequence(),
                versions.durableCommit().payload(),
                0,
                shared.clock().nanoTime()));
        Version version = versions.current();
        try {
            states = new ReadStates(lifecycle, shared.arbiter(), newMemtable(versions.lastSequence() + 1), version);
        } finally {
            version.release();
        }
    }

    WriteAheadLog log() {
        return log;
    }

    /** Set before the store is used. */
    void log(WriteAheadLog value) {
        log = value;
    }

    boolean isKeeping() {
        return keeping;
    }

    /** Set before the store is used. */
    void keeping(boolean value) {
        keeping = value;
    }

    /**
     * Takes memtables whose content is in files away from iterators that nobody moves.
     *
     * @return how many iterators had to give something back
     */
    int takeIdleMemtables() {
        int taken = 0;
        for (MemtablePin pin : snapshots.pins()) {
            if (states.holdsFlushed(pin) && pin.tryTake()) {
                taken++;
            }
        }
        counters.idleIteratorsEmptied.add(taken);
        return taken;
    }

    TrackedMemtable newMemtable(long firstSequence) {
        return new TrackedMemtable(
                new Memtable(shared.pool(), GuardedMerge.of(options.mergeFunction(), gate)), firstSequence);
    }

    /** How messages show keys of this store. */
    KeyText keyText() {
        return KeyText.forStore(options.encryption() != null);
    }

    SstTarget sstTarget() {
        return SstTarget.of(
                files,
                versions.registry(),
                shared.ids(),
                shared.clock(),
                options,
                targetFileBytes(),
                tombstoneBytes(),
                shared.limits().foldBytes());
    }

    /**
     * Size at which files end: that of the options, or less, so that the metadata of one file, which is in memory to read it,
     * stays a small part of the budget. Most of it are the places of its blocks in the cache.
     */
    long targetFileBytes() {
        long mostBlocks = shared.pool().budget() / METADATA_SHARE / BlockSlots.BYTES_PER_BLOCK;
        return Math.min(options.targetFileBytes(), mostBlocks * options.blockBytes());
    }

    /** Heap bytes of range deletes at which a file ends as well, for the same reason. */
    long tombstoneBytes() {
        return Math.min(shared.pool().budget() / METADATA_SHARE, shared.limits().tombstoneBytes());
    }
}
