package io.forebay.store.db.background;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.StoreIoException;
import io.forebay.store.compaction.Compaction;
import io.forebay.store.compaction.CompactionPicker;
import io.forebay.store.compaction.FileAges;
import io.forebay.store.compaction.HiddenMemo;
import io.forebay.store.compaction.PickState;
import io.forebay.store.db.state.Severity;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.util.Callbacks;
import io.forebay.store.util.Cancellation;
import io.forebay.store.util.Failures;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.Version;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the picker for compactions after every change of the version, and runs what it proposes, a few compactions at a
 * time; when nothing else is due, and nothing runs, one file that is old ({@link PeriodicCompaction}). A compaction that
 * fails for want of space or by an I/O error does not stop the store: the scheduler pauses, and tries again later.
 */
public final class CompactionScheduler {
    private static final Logger LOG = LoggerFactory.getLogger(CompactionScheduler.class);
    /** Most compactions of one store at the same time; more would only take threads from other stores. */
    private static final int MAX_JOBS = 2;

    /**
     * A full compaction: files that must be rewritten, and the sequence number up to which all writes go to the bottom
     * run.
     */
    private record Full(Set<FileId> outdated, long upTo) {}

    private final StoreContext store;
    private final CompactionStep step;
    private final BackgroundErrorHandler errors;
    private final Backoff backoff = new Backoff();
    private final PeriodicCompaction periodic;
    /** Ends looks for compactions, which read files. */
    private final Cancellation ended = new Cancellation();
    /** Of the look that is {@link #looking}. */
    private final HiddenMemo hidden = new HiddenMemo();
    /** Compactions that are under way. Removal makes no allocation. */
    private final List<Picked> running = new ArrayList<>();

    // Guarded by this
    private int jobs;
    /**
     * The full compaction under way, one at a time; null for none. Others leave its files to it: a merge of them with later
     * ones would take them from it.
     */
    private Full full;
    /** True after a failure, until the next attempt. */
    private boolean paused;
    /** Whether something asked for a look that no job was free for: the next job that ends takes another one. */
    private boolean lookAgain;
    /** Whether a job looks for a due compaction: one at a time, because it may read much. */
    private boolean looking;
    /** So often did a compaction, or a full one, begin or end: what was picked meanwhile may not be due any more. */
    private long changes;

    // Guarded by this
    private Runnable cancel = () -> {};

    /**
     * A due compaction, and the version that it was picked from, with a reference. Not a record: records are compared
     * by their parts.
     */
    private static final class Picked {
        final Version version;
        final Compaction compaction;
        /** Whether nothing but the age of its file calls for the compaction. */
        final boolean isForAge;

        Picked(Version version, Compaction compaction, boolean isForAge) {
            this.version = version;
            this.compaction = compaction;
            this.isForAge = isForAge;
        }
    }

    public CompactionScheduler(StoreContext store, CompactionStep step, BackgroundErrorHandler errors) {
        this.store = store;
        this.step = step;
        this.errors = errors;
        periodic = new PeriodicCompaction(store, this::schedule);
        store.snapshots.onReached(this::readersHaveGone);
    }

    /** Looks for due compactions, in the background. Any thread. */
    public synchronized void schedule() {
        if (jobs == MAX_JOBS) {
            lookAgain = true; // both may have looked already
        } else if (!paused && store.lifecycle.mayRunJobs()) {
            jobs++;
            try {
                store.shared.compactions().submit(store.states::sortedRuns, this::run);
            } catch (RuntimeException | Error e) {
                jobs--;
                LOG.warn("A compaction of store {} was refused by the executor", store.options.name(), e);
            }
        }
    }

    /**
     * Readers of older states are gone that kept something from being compacted. Called by their threads, with any lock: nothing is looked for
     * here, and the monitor is not taken.
     */
    private void readersHaveGone() {
        try {
            if (store.lifecycle.mayRunJobs()) {
                store.shared.executor().execute(BackgroundExecutor.Kind.COMPACTION, this::schedule);
            }
        } catch (RuntimeException | Error e) {
            LOG.warn(
                    "A look for what readers of store {} have kept was refused by the executor; it comes after its next flush",
                    store.options.name(),
                    e);
        }
    }

    private void run() {
        boolean worked = false;
        try {
            worked = !isPaused() && store.lifecycle.beginJob() && runJob();
        } catch (Throwable e) {
            errors.failed(e);
        } finally {
            done(worked);
        }
    }

    private boolean runJob() {
        try {
            boolean worked = runOne(null);
            if (worked) {
                backoff.reset();
            }
            return worked;
        } catch (Throwable e) {
            if (isCutOff(e)) {
                return false;
            }
            if (Severity.of(e) == Severity.TRANSIENT) {
                pause(e);
            } else {
                errors.failed(e);
            }
            return false;
        } finally {
            store.lifecycle.endJob();
        }
    }

    private void done(boolean worked) {
        boolean again;
        synchronized (this) {
            jobs--;
            again = worked || lookAgain && !looking; // else the job that looks takes another look
            lookAgain &= !again;
        }
        try {
            if (again) {
                schedule();
            }
        } catch (Throwable e) {
            errors.failed(e);
        } finally {
            store.progress.signal();
        }
    }

    /**
     * Stops compactions for a while. The store goes on without them; it takes writes more slowly as its sorted runs
     * become more.
     */
    private synchronized void pause(Throwable cause) {
        store.counters.failures.incrementAndGet();
        if (paused || store.lifecycle.isClosed()) {
            return;
        }
        paused = true;
        boolean set = false;
        try {
            long nanos = backoff.next();
            cancel = store.shared.executor().schedule(nanos, this::resume);
            set = true;
            LOG.warn(
                    "A compaction of store {} failed; it is tried again in {} ms",
                    store.options.name(),
                    nanos / 1_000_000,
                    cause);
        } catch (RuntimeException | Error e) {
            Failures.suppress(cause, e);
            LOG.warn(
                    "A compaction of store {} failed, and the executor refused the alarm for the next attempt; it is tried again after its next flush",
                    store.options.name(),
                    cause);
        } finally {
            paused = set; // without an alarm nobody would end the pause
        }
    }

    private synchronized boolean isPaused() {
        return paused;
    }

    private void resume() {
        synchronized (this) {
            paused = false;
        }
        store.counters.retries.incrementAndGet();
        schedule();
    }

    /** No further attempt starts by itself, and looks for compactions end with their next read. The store is closed already. */
    public void close() {
        ended.cancel();
        synchronized (this) {
            cancel.run();
            periodic.close();
        }
    }

    private boolean isCutOff(Throwable cause) {
        return cause instanceof CancellationException && ended.isCancelled();
    }

    /**
     * Compacts on the calling thread until all that is published and committed at the start is in the bottom run, and
     * none of the outdated files is left. What is written meanwhile is left out; otherwise this might never end.
     */
    public void compactAll(Set<FileId> outdated) {
        Callbacks.checkNone("compact()");
        Full begun = begin(outdated);
        try {
            compactAll(begun);
        } finally {
            end();
            schedule(); // what became due meanwhile was left to this call
        }
    }

    /** Waits for the end of the compactions that are under way now; returns early when the store is closed. */
    public void awaitBegun() {
        List<Picked> begun;
        synchronized (this) {
            begun = List.copyOf(running);
        }
        store.progress.await("compactions", () -> isOver(begun) || store.lifecycle.isClosed());
    }

    private synchronized boolean isOver(List<Picked> begun) {
        return Collections.disjoint(begun, running);
    }

    private Full begin(Set<FileId> outdated) {
        while (true) {
            store.lifecycle.checkRunning();
            synchronized (this) {
                if (full == null) {
                    full = new Full(outdated, store.active.published());
                    changes++;
                    return full;
                }
            }
            store.progress.await("another full compaction", () -> !isFull() || store.lifecycle.isClosed());
        }
    }

    private synchronized boolean isFull() {
        return full != null;
    }

    private void end() {
        synchronized (this) {
            full = null;
            changes++;
        }
        store.progress.signal();
    }

    private void compactAll(Full asked) {
        while (true) {
            store.lifecycle.checkRunning();
            if (!store.lifecycle.beginJob()) {
                continue; // closed or failed: the check above throws
            }
            List<Picked> inTheWay;
            try {
                inTheWay = runOne(asked) ? List.of() : inTheWay(asked);
            } catch (IOException e) {
                // the state of the store is unchanged
                throw new StoreIoException("Compaction of store " + store.options.name() + " failed", e);
            } catch (RuntimeException | Error e) {
                if (isCutOff(e)) {
                    continue; // the check above throws
                }
                if (Severity.of(e) != Severity.TRANSIENT) {
                    errors.failed(e);
                }
                throw e;
            } finally {
                store.lifecycle.endJob();
                store.progress.signal();
            }
            if (inTheWay == null) {
                return;
            }
            store.progress.await("compactions", () -> isOver(inTheWay) || store.lifecycle.isClosed());
        }
    }

    /**
     * The compactions under way that have files of what is left to be done; null when nothing is left. Others do not count:
     * beside a steady writer there is always one under way.
     */
    private List<Picked> inTheWay(Full asked) throws IOException {
        PickState state;
        List<Picked> underWay;
        synchronized (this) {
            state = state(Set.of());
            underWay = List.copyOf(running);
        }
        Compaction left;
        try {
            left = pickFull(asked, state);
        } finally {
            state.version().release();
        }
        if (left == null) {
            return null;
        }
        List<Picked> having = underWay.stream()
                .filter(picked -> !Collections.disjoint(picked.compaction.fileIds(), left.fileIds()))
                .toList();
        return having.isEmpty() ? underWay : having;
    }

    private Compaction pickFull(Full asked, PickState state) throws IOException {
        return CompactionPicker.pickFull(state, ended, asked.outdated, asked.upTo);
    }

    private long oldestReader() {
        long published = store.active.published();
        long[] claims = store.snapshots.sequences();
        return claims.length == 0 ? published : Math.min(published, claims[0]);
    }

    /**
     * @param asked null for a compaction that is due by itself
     * @return false when no compaction was due, or another job looks for one
     */
    private boolean runOne(Full asked) throws IOException {
        Picked picked = asked != null ? pick(asked, null) : lookForDue();
        if (picked == null) {
            return false;
        }
        boolean rewritten = false;
        try {
            if (asked == null) {
                schedule(); // another compaction may be due at the same time
            }
            step.run(picked.compaction, picked.version);
            rewritten = true;
        } finally {
            finished(picked); // before all that may throw: a full compaction waits for it
            try {
                picked.version.release();
            } finally {
                if (picked.isForAge && !rewritten) {
                    periodic.postpone(picked.compaction.fileIds());
                }
            }
        }
        return true;
    }

    private Picked lookForDue() throws IOException {
        FileAges ages = periodic.ages();
        synchronized (this) {
            if (looking) {
                lookAgain = true;
                return null;
            }
            looking = true;
        }
        try {
            return pick(null, ages);
        } finally {
            synchronized (this) {
                looking = false;
            }
        }
    }

    /** Picks a compaction, without the monitor: it may read files. It picks once more when what is under way has changed meanwhile. */
    private Picked pick(Full asked, FileAges ages) throws IOException {
        while (true) {
            PickState state;
            long before;
            synchronized (this) {
                state = stateFor(asked);
                before = changes;
            }
            Picked picked = null;
            try {
                Compaction due = asked != null ? pickFull(asked, state) : CompactionPicker.pick(state, hidden, ended);
                boolean isCutShort = due == null && asked == null && !hidden.isComplete();
                synchronized (this) {
                    if (isCutShort) {
                        lookAgain = true; // in another job: flushes and other stores need the thread as well
                        return null;
                    }
                    if (changes == before) {
                        picked = begin(asked, state, due, ages);
                        return picked;
                    }
                }
            } finally {
                if (picked == null) {
                    state.version().release();
                }
            }
        }
    }

    /** @param due null for none */
    private Picked begin(Full asked, PickState state, Compaction due, FileAges ages) {
        boolean isForAge = due == null && asked == null;
        Compaction compaction = isForAge ? pickOld(state.version(), ages) : due;
        if (compaction == null) {
            long awaited = CompactionPicker.awaited(state);
            if (asked == null && !store.snapshots.await(awaited)) {
                lookAgain = true; // the last reader has gone meanwhile
            }
            return null;
        }
        Picked picked = new Picked(state.version(), compaction, isForAge);
        running.add(picked);
        changes++;
        return picked;
    }

    private PickState stateFor(Full asked) {
        Set<FileId> busy = new HashSet<>();
        running.forEach(picked -> busy.addAll(picked.compaction.fileIds()));
        PickState state = state(busy);
        boolean made = false;
        try {
            if (asked == null) {
                addFilesOfFull(state.version(), busy);
            }
            made = true;
            return state;
        } finally {
            if (!made) {
                state.version().release();
            }
        }
    }

    /**
     * The version, with a reference, is read under the monitor: a job that ends installs its edit before its files stop to be
     * busy. The durable sequence number is read after the version: otherwise a commit that came with a flush in between would
     * seem to be newer than files that the flush has made from both sides of the commit.
     */
    private PickState state(Set<FileId> busy) {
        long oldest = oldestReader();
        long target = store.targetFileBytes();
        Version version = store.versions.current();
        PickState state = null;
        try {
            state = new PickState(version, busy, store.versions.durableSequence(), oldest, target);
            return state;
        } finally {
            if (state == null) {
                version.release();
            }
        }
    }

    /** When nothing else is due: a file that is old, unless something runs; null, and an alarm, when there is none. */
    private Compaction pickOld(Version version, FileAges ages) {
        boolean idle = running.isEmpty() && full == null;
        Compaction compaction = ages != null && idle ? ages.pick(version.runs(), periodic.postponed()) : null;
        if (compaction == null) {
            periodic.awaitNext(version.runs(), ages);
        }
        return compaction;
    }

    private synchronized void finished(Picked picked) {
        running.remove(picked);
        changes++;
    }

    private void addFilesOfFull(Version version, Set<FileId> busy) {
        if (full == null) {
            return;
        }
        for (SortedRun run : version.runs()) {
            for (FileMeta file : run.files()) {
                if (file.newestSequence() <= full.upTo) {
                    busy.add(file.id());
                }
            }
        }
    }
}
