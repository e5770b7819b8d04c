package io.forebay.store.db;

import io.forebay.store.SortedIngest;
import io.forebay.store.StoreStatistics;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.db.background.BackgroundErrorHandler;
import io.forebay.store.db.background.Checkpoints;
import io.forebay.store.db.background.CommitPath;
import io.forebay.store.db.background.CompactionScheduler;
import io.forebay.store.db.background.CompactionStep;
import io.forebay.store.db.background.FlushScheduler;
import io.forebay.store.db.background.FlushStep;
import io.forebay.store.db.background.Installer;
import io.forebay.store.db.background.SyncScheduler;
import io.forebay.store.db.read.ReadPath;
import io.forebay.store.db.state.CommitMark;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.db.write.WritePath;
import io.forebay.store.db.write.WriteStall;
import io.forebay.store.util.Callbacks;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.Version;
import io.forebay.store.version.VersionEdit;
import io.forebay.store.wal.WriteAheadLog;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Predicate;

/** Wires the parts of one store together, and has the operations that need several parts: flush, compact, repair. */
final class StoreParts {
    private final StoreContext store;
    private final WriteStall stall;
    final WritePath writes;
    final ReadPath reads;
    final CommitPath commits;
    final Checkpoints checkpoints;
    final FlushScheduler flushes;
    final CompactionScheduler compactions;
    final FlushStep flushStep;
    final CompactionStep compactionStep;
    final BackgroundErrorHandler errors;
    final StoreCloser closer;
    final Installer installer;

    /** @param onClose releases the directory and tells the engine; the last step of a close */
    StoreParts(StoreContext store, StoreCloser.Release onClose) {
        this.store = store;
        stall = new WriteStall(store.shared.pool(), store.shared.executor(), store.shared.clock());
        checkpoints = new Checkpoints(store);
        installer = new Installer(store, checkpoints, stall);
        errors = new BackgroundErrorHandler(store, checkpoints, this::repair, this::goOn);
        compactionStep = new CompactionStep(store, installer);
        compactions = new CompactionScheduler(store, compactionStep, errors);
        flushStep = new FlushStep(store, installer, checkpoints, stall, compactions::schedule);
        flushes = new FlushScheduler(store, flushStep, errors);
        store.active.onFreeze(flushes::schedule);
        writes = new WritePath(store, stall);
        reads = new ReadPath(store);
        commits = new CommitPath(store, writes, flushes, new SyncScheduler(store, errors));
        closer = new StoreCloser(store, this, onClose);
    }

    /**
     * Writes all that could not be written. When the store is closed meanwhile, the repair ends with an exception: then
     * a close writes what is still in memory, and a discard writes nothing.
     *
     * <p>A manifest in doubt comes first. It may name files of a failed edit, which stay until it is settled. Each
     * repair that wrote files before would leave one more set of them, until they fill the disk.
     */
    private void repair() throws IOException {
        store.versions.settle();
        store.lifecycle.checkOpen();
        WriteAheadLog log = store.log();
        boolean logFailed = log != null && log.hasFailed();
        if (logFailed) {
            freezeAll();
        }
        flushes.workThrough();
        if (logFailed) {
            leaveFailedLog(log);
        }
    }

    private void freezeAll() {
        store.gate.enterOther();
        try {
            store.lifecycle.checkReadable(); // else a write inside the gate has poisoned the store
            store.active.freeze();
        } finally {
            store.gate.leave();
        }
    }

    /**
     * Replaces a failed log by a new one. All that the failed log may have lost is in files, and there is no writer. An
     * open finds all writes at each point between these steps: first the manifest keeps what the log may lack at its
     * end; then the log gets a successor; then the manifest needs the successor, before the first write to it.
     */
    private void leaveFailedLog(WriteAheadLog log) throws IOException {
        store.lifecycle.checkOpen();
        long written = flushStep.keepAll();
        store.lifecycle.checkOpen();
        log.beginAnother(written + 1);
        store.lifecycle.checkOpen();
        long first = log.firstNeeded(written);
        installer.install(new VersionEdit().logs(new VersionEdit.Logs(log.id(), first)));
        log.restart();
        log.deleteBelow(first);
    }

    /** Starts the work that was left undone while the store was read-only. */
    private void goOn() {
        flushes.schedule();
        compactions.schedule();
        commits.resumed();
    }

    /** As {@link io.forebay.store.Store#flush}. */
    void flush() {
        flush(() -> {});
    }

    /** @param before run before files are written; a close waits for the end of it */
    private void flush(Runnable before) {
        long sequence;
        CommitMark commit;
        store.gate.enterWriter();
        try {
            store.lifecycle.checkWritable();
            before.run();
            store.active.freeze();
            sequence = store.active.assigned();
            commit = commits.request(); // it may have come after the last freeze
        } finally {
            store.gate.leave();
        }
        flushes.awaitFlushed(sequence);
        if (commit != null) {
            commits.awaitDurable(commit);
        }
    }

    /** As {@link io.forebay.store.Store#compact}. */
    void compact() {
        Callbacks.checkNone("compact()");
        Set<FileId> outdated = new HashSet<>();
        boolean filtered = store.options.compactionFilter() != null;
        Encryption encryption = store.versions.registry().encryption();
        if (filtered || encryption.isOn()) {
            awaitBegun();
        }
        // The filter sees what the flush writes, so only files from before it are rewritten for the filter.
        flush(() -> outdated.addAll(filtered ? files(file -> true) : Set.of()));
        String keyId = encryption.currentKeyId();
        if (encryption.isOn()) {
            // Files that still have an older master key, or that were written before encryption was switched on.
            outdated.addAll(files(file -> !file.info().hasOnlyKey(keyId)));
        }
        compactions.compactAll(outdated);
        if (encryption.isOn()) {
            installer.renewManifest(keyId);
        }
    }

    /**
     * Waits for flushes and compactions that have begun: they may have asked the filter already, or have begun a file with
     * an older master key.
     */
    private void awaitBegun() {
        long immutable;
        store.gate.enterWriter();
        try {
            store.lifecycle.checkWritable();
            immutable = store.states.active().firstSequence - 1;
        } finally {
            store.gate.leave();
        }
        flushes.awaitFlushed(immutable);
        compactions.awaitBegun();
    }

    private Set<FileId> files(Predicate<FileMeta> which) {
        Set<FileId> found = new HashSet<>();
        Version version = store.versions.current();
        try {
            for (SortedRun run : version.runs()) {
                for (FileMeta file : run.files()) {
                    if (which.test(file)) {
                        found.add(file.id());
                    }
                }
            }
        } finally {
            version.release();
        }
        return found;
    }

    SortedIngest ingest() {
        return new IngestImpl(store, flushes, installer, errors);
    }

    StoreStatistics statistics() {
        return Statistics.of(store, stall);
    }
}
