package io.forebay.store.db.background;

import io.forebay.store.Clock;
import io.forebay.store.compaction.FileAges;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.version.FileId;
import io.forebay.store.version.SortedRun;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the compaction filter see old files again, also those of a store that nobody writes to: an alarm wakes the
 * scheduler when the next file will be due. There is at most one alarm, and none without a filter. Thread-safe.
 */
final class PeriodicCompaction {
    private static final Logger LOG = LoggerFactory.getLogger(PeriodicCompaction.class);

    /** The longest time between two looks, because the wall clock may be set, and the period may change. */
    private static final long LONGEST_WAIT_MILLIS = 3_600_000;

    private static final long SHORTEST_WAIT_MILLIS = 1_000;
    private static final long NANOS_PER_MILLI = 1_000_000;

    private final StoreContext store;
    private final Clock clock;
    private final Runnable wake;

    // Guarded by this
    /**
     * Files whose rewriting has failed, and until when none of them is picked, by the monotonic clock: a file that cannot
     * be read must not keep the others from being rewritten.
     */
    private final Map<FileId, Long> postponed = new HashMap<>();

    /** Null when no alarm is set. */
    private Runnable cancel;
    /** When the alarm rings, by the monotonic clock. */
    private long dueNanos;

    /** @param wake has the scheduler look for work */
    PeriodicCompaction(StoreContext store, Runnable wake) {
        this.store = store;
        this.wake = wake;
        clock = store.shared.clock();
    }

    /**
     * The present ages; null when no file is rewritten for its age. Asks the option, which may be code of the user, so
     * this is called without a lock.
     */
    FileAges ages() {
        if (store.options.compactionFilter() == null) {
            return null;
        }
        Duration period = store.options.periodicCompaction();
        return period.isZero() ? null : new FileAges(clock.currentTimeMillis(), saturatedMillis(period));
    }

    /**
     * Sets the alarm for the next file that will be due. When one is due already, another job is under way, and the
     * scheduler looks again at its end.
     *
     * @param ages null when no file is rewritten for its age at present
     */
    void awaitNext(List<SortedRun> runs, FileAges ages) {
        if (store.options.compactionFilter() == null || runs.isEmpty()) {
            return;
        }
        long left = ages == null
                ? LONGEST_WAIT_MILLIS
                : Math.min(ages.untilNext(runs, postponed()), untilPostponedIsOver());
        arm(left == 0 ? LONGEST_WAIT_MILLIS : Math.max(SHORTEST_WAIT_MILLIS, Math.min(LONGEST_WAIT_MILLIS, left)));
    }

    /** The rewriting of the files has failed. They are picked again when the longest time between two looks is over. */
    synchronized void postpone(Collection<FileId> files) {
        long until = clock.nanoTime() + LONGEST_WAIT_MILLIS * NANOS_PER_MILLI;
        files.forEach(file -> postponed.put(file, until));
    }

    /** Files that are not picked for their age now. */
    synchronized Set<FileId> postponed() {
        if (!postponed.isEmpty()) {
            long now = clock.nanoTime();
            postponed.values().removeIf(until -> until - now <= 0);
        }
        return Set.copyOf(postponed.keySet());
    }

    /** Milliseconds until a postponed file may be picked again, at least 1; {@link Long#MAX_VALUE} when none is postponed. */
    private synchronized long untilPostponedIsOver() {
        long now = clock.nanoTime();
        return postponed.values().stream()
                .mapToLong(until -> Math.max(1, (until - now) / NANOS_PER_MILLI))
                .min()
                .orElse(Long.MAX_VALUE);
    }

    /** No alarm rings any more. The store is closed by then, so that none is set either. */
    synchronized void close() {
        if (cancel != null) {
            Runnable last = cancel;
            cancel = null;
            last.run();
        }
    }

    /** An alarm that rings about as early stays as it is. */
    private synchronized void arm(long millis) {
        long due = clock.nanoTime() + millis * NANOS_PER_MILLI;
        boolean early = cancel != null && dueNanos - due < SHORTEST_WAIT_MILLIS * NANOS_PER_MILLI;
        if (early || store.lifecycle.isClosed()) {
            return;
        }
        try {
            close();
            cancel = store.shared.executor().schedule(millis * NANOS_PER_MILLI, this::ring);
            dueNanos = due;
        } catch (RuntimeException | Error e) {
            LOG.warn(
                    "An alarm of store {} was refused by the executor; old files are looked for after its next flush",
                    store.options.name(),
                    e);
        }
    }

    private void ring() {
        synchronized (this) {
            cancel = null;
        }
        arm(LONGEST_WAIT_MILLIS); // for the case that the executor refuses the work
        wake.run();
    }

    private static long saturatedMillis(Duration duration) {
        try {
            return duration.toMillis();
        } catch (ArithmeticException e) {
            return Long.MAX_VALUE; // longer than the clock runs
        }
    }
}
