package io.forebay.store.db;

import io.forebay.store.StoreStatistics;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.PhysicalFile;
import io.forebay.store.version.SortedRun;
import io.forebay.store.wal.WriteAheadLog;
import java.util.Set;
import java.util.TreeSet;

/** Puts the figures of a store together. */
final class Statistics {
    private Statistics() {}

    /**
     * Master keys of the manifest, of the write-ahead logs and of all files that somebody refers to, open checkpoints and
     * iterators included.
     */
    static Set<String> encryptionKeyIds(StoreContext store) {
        store.lifecycle.checkReadable();
        Set<String> ids = new TreeSet<>();
        for (PhysicalFile file : store.versions.registry().liveFiles()) {
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

    static StoreStatistics of(StoreContext store, WritePath writes) {
        Counters counters = store.counters;
        WriteAheadLog log = store.log();
        long memtableReads = counters.memtableReads.sum();
        Lifecycle.Failure failure = store.lifecycle.failure();
        Opened oldest = store.snapshots.oldestIterator();
        // before the newest sequence number, which grows meanwhile; that of a commit comes after its record
        long durable = store.commits.durable().sequence();
        ReadState state = store.states.acquire();
        try {
            long memtableBytes = state.active.memtable.heldBytes();
            long entries = state.active.memtable.entries();
            for (TrackedMemtable table : state.frozen) {
                memtableBytes += table.memtable.heldBytes();
                entries += table.memtable.entries();
            }
            long fileBytes = 0;
            for (SortedRun run : state.version.runs()) {
                for (FileMeta file : run.files()) {
                    fileBytes += file.fileBytes();
                    entries += file.entries();
                }
            }
            return new StoreStatistics(
                    writes.operations(),
                    writes.bytesWritten(),
                    memtableReads + counters.fileReads.sum(),
                    memtableReads,
                    counters.iteratorsOpened.sum(),
                    Math.max(0, counters.iteratorsOpened.sum() - counters.iteratorsClosed.sum()),
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
                    writes.stallNanos(),
                    memtableBytes,
                    state.frozen.length,
                    state.version.fileCount(),
                    fileBytes,
                    state.version.runs().size(),
                    entries,
                    Math.max(durable, writes.published()),
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
