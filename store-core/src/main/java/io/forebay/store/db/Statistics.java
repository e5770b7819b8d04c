package io.forebay.store.db;

import io.forebay.store.StoreStatistics;
import io.forebay.store.compaction.ValueGarbage;
import io.forebay.store.db.state.Counters;
import io.forebay.store.db.state.Lifecycle;
import io.forebay.store.db.state.Opened;
import io.forebay.store.db.state.ReadState;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.db.state.TrackedMemtable;
import io.forebay.store.db.write.WriteStall;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.PhysicalFile;
import io.forebay.store.version.PhysicalValueFile;
import io.forebay.store.version.SortedRun;
import io.forebay.store.wal.WriteAheadLog;
import java.util.Set;
import java.util.TreeSet;

/** Collects the figures of a store. */
final class Statistics {
    private Statistics() {}

    /**
     * Ids of the master keys of the manifest, of the write-ahead logs, and of all files that have a reference, also
     * files that only open checkpoints and iterators use.
     */
    static Set<String> encryptionKeyIds(StoreContext store) {
        store.lifecycle.checkReadable();
        Set<String> ids = new TreeSet<>();
        for (PhysicalFile file : store.versions.registry().liveFiles()) {
            addKey(ids, file.keyId());
        }
        for (PhysicalValueFile file : store.versions.registry().liveValueFiles()) {
            addKey(ids, file.keyId());
        }
        addKey(ids, store.versions.manifestKeyId());
        if (store.log() != null) {
            ids.addAll(store.log().keyIds());
        }
        return ids;
    }

    private static void addKey(Set<String> ids, String keyId) {
        if (keyId != null) {
            ids.add(keyId);
        }
    }

    static StoreStatistics of(StoreContext store, WriteStall stall) {
        Counters counters = store.counters;
        WriteAheadLog log = store.log();
        long memtableReads = counters.memtableReads.sum();
        Lifecycle.Failure failure = store.lifecycle.failure();
        Opened oldest = store.snapshots.oldestIterator();
        // The durable sequence number is read before the newest one, which grows meanwhile. With a log, that of a
        // commit may be published after its record.
        long durable = store.commits.durable().sequence();
        ReadState state = store.states.acquire();
        try {
            long memtableBytes = state.active.memtable.heldBytes();
            long entries = state.active.memtable.entries();
            for (TrackedMemtable tracked : state.immutable) {
                memtableBytes += tracked.memtable.heldBytes();
                entries += tracked.memtable.entries();
            }
            long fileBytes = 0;
            for (SortedRun run : state.version.runs()) {
                for (FileMeta file : run.files()) {
                    fileBytes += file.fileBytes();
                    entries += file.entries();
                }
            }
            ValueGarbage values = ValueGarbage.of(state.version.runs());
            return new StoreStatistics(
                    store.active.operations(),
                    store.active.bytesWritten(),
                    memtableReads + counters.fileReads.sum(),
                    memtableReads,
                    store.snapshots.iteratorsOpened(),
                    store.snapshots.openIterators(),
                    counters.openSnapshots.get(),
                    store.versions.registry().cacheHits(),
                    store.versions.registry().cacheMisses(),
                    counters.flushes.get(),
                    counters.bytesFlushed.get(),
                    counters.compactions.get(),
                    counters.trivialMoves.get(),
                    counters.filesDropped.get(),
                    counters.bytesCompactedIn.get(),
                    counters.bytesCompactedOut.get(),
                    stall.stallNanos(),
                    memtableBytes,
                    state.immutable.length,
                    state.version.fileCount(),
                    fileBytes,
                    values.fileBytes(),
                    values.liveBytes(),
                    state.version.runs().size(),
                    entries,
                    Math.max(durable, store.active.published()),
                    durable,
                    log == null ? 0 : log.liveBytes(),
                    log == null ? 0 : log.bytesWritten(),
                    log == null ? 0 : log.syncs(),
                    failure == null ? null : failure.cause().toString(),
                    counters.failures.get(),
                    counters.retries.get(),
                    counters.resumes.get(),
                    counters.jobsRedone.get(),
                    counters.idleIteratorsEmptied.sum(),
                    oldest == null ? 0 : (store.shared.clock().nanoTime() - oldest.nanos()) / 1_000_000,
                    oldest == null ? null : oldest.describe(store.shared.clock()));
        } finally {
            state.release();
        }
    }
}
