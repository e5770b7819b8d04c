package io.forebay.store.db.state;

import io.forebay.store.Durability;
import io.forebay.store.FileStore;
import io.forebay.store.StoreOptions;
import io.forebay.store.cache.BlockSlots;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.flush.SstTarget;
import io.forebay.store.key.KeyText;
import io.forebay.store.memtable.Memtable;
import io.forebay.store.sst.HeldMemory;
import io.forebay.store.util.Cancellation;
import io.forebay.store.version.Version;
import io.forebay.store.version.VersionSet;
import io.forebay.store.wal.WriteAheadLog;

/** The shared parts of one open store, for all of its other parts. It has no logic but to make them. */
public final class StoreContext {
    /** The share of the budget (one part of so many) that the cache places for the blocks of one file may take. */
    private static final int METADATA_SHARE = 64;

    public final EngineResources shared;
    public final FileStore files;
    public final StoreOptions options;
    public final VersionSet versions;
    public final Lifecycle lifecycle;
    public final WriterGate gate;
    public final SnapshotList snapshots = new SnapshotList();
    public final EmptySpansTracker emptySpans = new EmptySpansTracker();
    public final CommitTracker commits;
    public final ReadStates states;
    public final ActiveMemtable active;
    public final MemtableTenant tenant;
    public final Progress progress;
    /** Where this store stands among those of its environment, from 0 to below 1: see {@link Phases}. */
    public final double phase;

    public final Counters counters = new Counters();
    /** Cancelled when the store is discarded: running flushes need not go on. */
    public final Cancellation discarded = new Cancellation();
    /** Null without a write-ahead log, and until older logs are replayed. */
    // Volatile: written by the thread that opens the store
    private volatile WriteAheadLog log;
    /** Whether a flush keeps writes that no commit covers: with a log, and while a log is replayed. */
    // Volatile: written by the thread that opens the store
    private volatile boolean keeping;

    /** @param versions opened and recovered; the end of the store closes it */
    public StoreContext(EngineResources shared, FileStore files, StoreOptions options, VersionSet versions) {
        this.shared = shared;
        this.files = files;
        this.options = options;
        this.versions = versions;
        gate = new WriterGate(options.durability() != Durability.NONE);
        lifecycle = new Lifecycle(options.name());
        progress = new Progress(shared.executor());
        phase = shared.phases().next();
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
        tenant = new MemtableTenant(this);
        boolean complete = false;
        try {
            active = new ActiveMemtable(this);
            complete = true;
        } finally {
            if (!complete) {
                states.close();
            }
        }
    }

    public WriteAheadLog log() {
        return log;
    }

    /** Set before the store is used. */
    public void log(WriteAheadLog value) {
        log = value;
    }

    public boolean isKeeping() {
        return keeping;
    }

    /** Set before the store is used. */
    public void keeping(boolean value) {
        keeping = value;
    }

    TrackedMemtable newMemtable(long firstSequence) {
        return new TrackedMemtable(
                new Memtable(shared.pool(), GuardedMerge.of(options.mergeFunction(), gate)), firstSequence);
    }

    /** How messages show keys of this store. */
    public KeyText keyText() {
        return KeyText.forStore(options.encryption() != null);
    }

    public SstTarget sstTarget() {
        return SstTarget.of(
                versions.registry(),
                shared.ids(),
                shared.clock(),
                options,
                targetFileBytes(),
                tombstoneBytes(),
                shared.limits().foldBytes(),
                new HeldMemory(shared.pool(), SlabPool.Use.READ_AHEAD));
    }

    /** For an ingest, whose caller may leave it open for any time, so that nobody may wait for its memory. */
    public SstTarget ingestTarget() {
        return sstTarget().atBottom().holding(new HeldMemory(shared.pool(), SlabPool.Use.METADATA));
    }

    /**
     * Size at which files end: that of the options, or less. The metadata of one file is in memory while the file is
     * read, so it must stay a small part of the budget. Most of it are the places of the file's blocks in the cache.
     */
    public long targetFileBytes() {
        long mostBlocks = shared.pool().budget() / METADATA_SHARE / BlockSlots.BYTES_PER_BLOCK;
        return Math.min(options.targetFileBytes(), mostBlocks * options.blockBytes());
    }

    /** Heap bytes of range deletes at which a file ends as well, for the same reason. */
    long tombstoneBytes() {
        return Math.min(shared.pool().budget() / METADATA_SHARE, shared.limits().tombstoneBytes());
    }
}
