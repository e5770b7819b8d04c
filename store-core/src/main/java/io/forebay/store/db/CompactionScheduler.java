package io.forebay.store.db;

import io.forebay.store.BackgroundExecutor.Kind;
import io.forebay.store.StoreIoException;
import io.forebay.store.compaction.Compaction;
import io.forebay.store.compaction.CompactionPicker;
import io.forebay.store.util.Callbacks;
import io.forebay.store.version.FileId;
import io.forebay.store.version.Version;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the picker after every change of the version, and runs what it proposes; a few compactions at a time. */
final class CompactionScheduler {
    private static final Logger LOG = LoggerFactory.getLogger(CompactionScheduler.class);
    /** Compactions of one store at the same time; more only takes threads from other stores. */
    private static final int MAX_JOBS = 2;

    /** What a full compaction was asked for. */
    private record Full(Set<FileId> outdated, long upTo) {}

    private final StoreContext store;
    private final WritePath writes;
    private final CompactionStep step;
    private final Recovery recovery;
    private final Backoff backoff = new Backoff();
    /** What is being compacted; ended without an allocation. */
    private final List<Picked> running = new ArrayList<>();

    private int jobs;
    /** After a failure, until it is tried again. */
    private boolean paused;

    private Runnable cancel = () -> {};

    /** A due compaction and the version it is about, with a reference. No record: those compare by their parts. */
    private static final class Picked {
        final Version version;
        final Compaction compaction;

        Picked(Version version, Compaction compaction) {
            this.version = version;
            this.compaction = compaction;
        }
    }

    CompactionScheduler(StoreContext store, WritePath writes, CompactionStep step, Recovery recovery) {
        this.store = store;
        this.writes = writes;
        this.step = step;
        this.recovery = recovery;
    }

    /** Looks for due compactions in the background. Any thread. */
    synchronized void schedule() {
        if (jobs < MAX_JOBS && !paused && store.lifecycle.mayRunJobs()) {
            jobs++;
            try {
                store.shared.executor().execute(Kind.COMPACTION, this::run);
            } catch (RuntimeException | Error e) {
                jobs--;
                LOG.warn("A compaction of store {} was refused by the executor", store.options.name(), e);
            }
        }
    }

    private void run() {
        boolean worked = false;
        try {
            worked = store.lifecycle.beginJob() && runJob();
        } catch (Throwable e) {
            recovery.failed(e);
        } finally {
            done(worked);
        }
    }

    private boolean runJob() {
        try {
            boolean worked = runOne(null);
            backoff.reset();
            return worked;
        } catch (Throwable e) {
            if (Severity.of(e) == Severity.TRANSIENT) {
                pause(e);
            } else {
                recovery.failed(e);
            }
            return false;
        } finally {
            store.lifecycle.endJob();
        }
    }

    private void done(boolean worked) {
        synchronized (this) {
            jobs--;
        }
        try {
            if (worked) {
                schedule();
            }
        } catch (Throwable e) {
            recovery.failed(e);
        } finally {
            store.progress.signal();
        }
    }

    /**
     * A store can do without compactions for a while: it takes writes, ever more slowly as its sorted runs become more, and
     * tries again later.
     */
    private synchronized void pause(Throwable cause) {
        store.counters.failures.incrementAndGet();
        if (paused || store.lifecycle.isClosed()) {
            return;
        }
        paused = true;
        long nanos = backoff.next();
        LOG.warn(
                "A compaction of store {} failed; it is tried again in {} ms",
                store.options.name(),
                nanos / 1_000_000,
                cause);
        cancel = store.shared.executor().schedule(nanos, this::resume);
    }

    private void resume() {
        synchronized (this) {
            paused = false;
        }
        store.counters.retries.incrementAndGet();
        schedule();
    }

    /** No further attempt begins by itself. */
    synchronized void close() {
        cancel.run();
    }

    /**
     * Carries out compactions on the calling thread until all that is published and committed by now is in the bottom run, and
     * none of the outdated files is left. What a writer brings meanwhile is left to itself, or there would be no end.
     */
    void compactAll(Set<FileId> outdated) {
        Callbacks.checkNone("compact()");
        Full full = new Full(outdated, writes.published());
        boolean more = true;
        while (more) {
            store.lifecycle.checkRunning();
            if (!store.lifecycle.beginJob()) {
                continue; // closed or failed: says the check
            }
            try {
                more = runOne(full);
            } catch (IOException e) {
                // the store is none the worse
                throw new StoreIoException("Compaction of store " + store.options.name() + " failed", e);
            } catch (RuntimeException | Error e) {
                if (Severity.of(e) != Severity.TRANSIENT) {
                    recovery.failed(e);
                }
                throw e;
            } finally {
                store.lifecycle.endJob();
                store.progress.signal();
            }
            if (!more && isBusy()) {
                store.progress.await("compactions", () -> !isBusy() || store.lifecycle.isClosed());
                more = true;
            }
        }
    }

    /**
     * @param full null for a compaction that is due by itself
     * @return false when nothing was due
     */
    private boolean runOne(Full full) throws IOException {
        Picked picked = pick(full);
        if (picked == null) {
            return false;
        }
        try {
            if (full == null) {
                schedule(); // another one may be due beside it
            }
            step.run(picked.compaction, picked.version);
        } finally {
            finished(picked);
            picked.version.release();
        }
        return true;
    }

    /**
     * The version is looked at under the lock: a job that ends installs its edit before its files are no longer busy. What is
     * durable is asked for afterwards: a commit that came with a flush in between would seem to lie behind the files of both
     * its sides.
     */
    private synchronized Picked pick(Full full) throws IOException {
        long published = writes.published();
        long[] claims = store.snapshots.sequences();
        long oldest = claims.length == 0 ? published : Math.min(published, claims[0]);
        Version version = store.versions.current();
        long durable = store.versions.durableSequence();
        Picked picked = null;
        try {
            Set<FileId> busy = busyFiles();
            long target = store.targetFileBytes();
            Compaction compaction = full != null
                    ? CompactionPicker.pickFull(version, busy, durable, oldest, target, full.outdated, full.upTo)
                    : CompactionPicker.pick(version, busy, durable, oldest, target);
            if (compaction != null) {
                Picked due = new Picked(version, compaction);
                running.add(due);
                picked = due;
            }
            return picked;
        } finally {
            if (picked == null) {
                version.release();
            }
        }
    }

    private synchronized void finished(Picked picked) {
        running.remove(picked);
    }

    private synchronized boolean isBusy() {
        return !running.isEmpty();
    }

    private Set<FileId> busyFiles() {
        Set<FileId> busy = new HashSet<>();
        running.forEach(picked -> busy.addAll(picked.compaction.fileIds()));
        return busy;
    }
}
