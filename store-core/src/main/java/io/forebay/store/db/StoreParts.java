package io.forebay.store.db;

import io.forebay.store.SortedIngest;
import io.forebay.store.StoreStatistics;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.Version;
import io.forebay.store.version.VersionEdit;
import io.forebay.store.wal.WriteAheadLog;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;

/** Wires the parts of one store together, and holds the operations that need several of them. */
final class StoreParts {
    private final StoreContext store;
    final WritePath writes;
    final ReadPath reads;
    final CommitPath commits;
    final Checkpoints checkpoints;
    final FlushScheduler flushes;
    final CompactionScheduler compactions;
    final FlushStep flushStep;
    final CompactionStep compactionStep;
    final Recovery recovery;
    final StoreCloser closer;
    final Installer installer;

    /** @param onClose releases the directory and tells the engine; the last thing of a close */
    StoreParts(StoreContext store, StoreCloser.Release onClose) {
        this.store = store;
        Pacing pacing = new Pacing(store.shared.pool(), store.shared.executor(), store.shared.clock());
        checkpoints = new Checkpoints(store);
        installer = new Installer(store, checkpoints, pacing);
        flushStep = new FlushStep(store, installer, checkpoints, pacing);
        flushes = new FlushScheduler(store, flushStep);
        recovery = new Recovery(store, checkpoints, this::repair, this::goOn);
        writes = new WritePath(store, pacing, flushes::schedule);
        flushes.connect(writes, recovery);
        compactionStep = new CompactionStep(store, writes, installer);
        compactions = new CompactionScheduler(store, writes, compactionStep, recovery);
        flushStep.onInstalled(compactions::schedule);
        reads = new ReadPath(store, writes);
        commits = new CommitPath(store, writes, flushes, new SyncScheduler(store, recovery));
        closer = new StoreCloser(store, this, onClose);
    }

    /**
     * Writes all that could not be written. When the store is closed meanwhile this ends with an exception: what is in memory still
     * is left to the close then, and for a discard nothing more is written.
     */
    private void repair() throws IOException {
        WriteAheadLog log = store.log();
        boolean logFailed = log != null && log.hasFailed();
        if (logFailed) {
            freezeAll();
        }
        flushes.workThrough();
        store.lifecycle.checkOpen();
        store.versions.settle();
        if (logFailed) {
            leaveFailedLog(log);
        }
    }

    private void freezeAll() {
        store.gate.enterOther();
        try {
            store.lifecycle.checkReadable(); // not what a write has torn that was inside
            writes.freeze();
        } finally {
            store.gate.leave();
        }
    }

    /**
     * All that the log may have lost is in files, and nobody writes. Whatever ends this between two steps, an open finds all of it: the
     * manifest keeps it before the log that lacks its end gets a successor, and needs the successor before that is written to.
     */
    private void leaveFailedLog(WriteAheadLog log) throws IOException {
        store.lifecycle.checkOpen();
        long written = flushStep.keepAll(writes);
        store.lifecycle.checkOpen();
        log.beginAnother(written + 1);
        store.lifecycle.checkOpen();
        long first = log.firstNeeded(written);
        installer.install(new VersionEdit().logs(new VersionEdit.Logs(log.id(), first)));
        log.restart();
        log.deleteBelow(first);
    }

    private void goOn() {
        flushes.schedule();
        compactions.schedule();
        commits.resumed();
    }

    /** Freezes the memtable and waits until all of it is in files. */
    void flush() {
        long sequence;
        store.gate.enterWriter();
        try {
            store.lifecycle.checkWritable();
            writes.freeze();
            sequence = writes.assigned();
        } finally {
            store.gate.leave();
        }
        flushes.awaitFlushed(sequence);
    }

    void compact() {
        flush();
        Encryption encryption = store.versions.registry().encryption();
        String keyId = encryption.currentKeyId();
        compactions.compactAll(encryption.isOn() ? filesOfOtherKeys(keyId) : Set.of());
        if (encryption.isOn()) {
            installer.renewManifest(keyId);
        }
    }

    /** Files that a key rotation, or the beginning of encryption, has left behind. */
    private Set<FileId> filesOfOtherKeys(String keyId) {
        Set<FileId> outdated = new HashSet<>();
        Version version = store.versions.current();
        try {
            for (SortedRun run : version.runs()) {
                for (FileMeta file : run.files()) {
                    if (!keyId.equals(file.keyId())) {
                        outdated.add(file.id());
                    }
                }
            }
        } finally {
            version.release();
        }
        return outdated;
    }

    SortedIngest ingest() {
        return new IngestImpl(store, writes, flushes, installer, recovery);
    }

    StoreStatistics statistics() {
        return Statistics.of(store, writes);
    }
}
