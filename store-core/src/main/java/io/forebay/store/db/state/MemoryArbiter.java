package io.forebay.store.db.state;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.Clock;
import io.forebay.store.StoreException;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.util.Callbacks;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * Shares the memory of one environment among the memtables of its stores. When the memtables use more than half of the
 * budget, the store with the largest active memtable has to flush it, idle or not. A writer that gets no memory waits
 * here until a flush gives memory back.
 *
 * <p>The arbiter does not count memory; {@link SlabPool} does. It does not flush; it asks tenants to freeze a memtable,
 * which starts a flush.
 *
 * <p>Thread-safe. No lock of this class is held while it calls a tenant, except by {@link #tryAgain}.
 */
public final class MemoryArbiter {
    /** The outcome of a request to freeze an active memtable. */
    public enum Freeze {
        DONE,
        /** A freeze would give no memory back. */
        NOTHING,
        /** A write is under way; when it has ended, a freeze may be possible. */
        BUSY
    }

    /** How a wait for memory ended. */
    public enum Ended {
        /** Memory came back: another attempt may succeed. */
        CAME,
        /** At one look no store could give memory back; {@link #nothingComes} tells whether that is final. */
        NOTHING,
        /** All memory that other stores had at the last attempt has come back. */
        TURNED,
        /** Calls or jobs that are under way kept their memory for too long. */
        OVERDUE
    }

    private enum Outlook {
        FLUSH,
        /** A job under way gives back what it uses to read ahead. */
        JOB,
        CALL,
        NOTHING
    }

    /**
     * Counters of all that moves memory from one place to another. Between two equal moments no memtable was frozen or
     * given back, no job gave memory back, and no request was refused that may have had some of the memory for a short time.
     */
    public record Moment(long replacedStates, long releasedStates, long readAheadReturned, long refusals) {}

    /**
     * How long at a time a writer waits for memory that only calls or jobs under way have: reads, writes of other stores, and
     * compactions.
     */
    static final long CALL_WAIT_MILLIS = 10;
    /**
     * The end of a flush wakes waiting writers; this limit only bounds the wait when memory came back without a signal.
     */
    private static final long FLUSH_WAIT_MILLIS = 100;

    private final SlabPool pool;
    private final BackgroundExecutor executor;
    private final List<MemoryTenant> tenants = new CopyOnWriteArrayList<>();
    private final MemoryReport report;

    // Guarded by this
    private long replacedStates;
    private long releasedStates;
    private long refusals;

    /** A lock that is held while a refused request is tried again. */
    private final Object trying = new Object();

    public MemoryArbiter(SlabPool pool, BackgroundExecutor executor, Clock clock) {
        this.pool = pool;
        this.executor = executor;
        report = new MemoryReport(pool, clock, tenants);
    }

    public void add(MemoryTenant tenant) {
        tenants.add(tenant);
    }

    public void remove(MemoryTenant tenant) {
        tenants.remove(tenant);
        synchronized (this) {
            notifyAll();
        }
    }

    /** Has all waiting writers check again. */
    public synchronized void wakeAll() {
        notifyAll();
    }

    /** A store has replaced its read state; memory may come back when readers have released the old state. */
    synchronized void stateReplaced() {
        replacedStates++;
    }

    /** A read state has released its memtables. */
    synchronized void stateReleased() {
        releasedStates++;
        notifyAll();
    }

    /**
     * A request of a writer was refused, and the writer is about to wait. During the attempt it may have had a part of
     * the memory.
     */
    public synchronized void refused() {
        refusals++;
    }

    /** Taken before an attempt to get memory. */
    public synchronized Moment moment() {
        return new Moment(replacedStates, releasedStates, pool.readAheadReturned(), refusals);
    }

    /**
     * Tries again a request that was refused. One at a time: two requests that each take a part of what both need would
     * fail, though there is enough for one of them.
     */
    public boolean tryAgain(BooleanSupplier attempt) {
        synchronized (trying) {
            return attempt.getAsBoolean();
        }
    }

    /**
     * True when nobody can give memory back, and nobody did since before the last attempt of {@code request}: that one failed
     * for good.
     */
    public boolean nothingComes(MemoryRequest request) {
        return look(request) == Outlook.NOTHING && moment().equals(request.before());
    }

    /**
     * True when all that others had in memtables when the {@link Turnover} of the request began has come back, and from jobs as
     * much as they had.
     */
    boolean isOver(MemoryRequest request) {
        boolean awaitsJobs =
                pool.readAheadReturned() < request.turnover().readAheadEnd() && pool.comesWithReadAhead(request.bytes);
        return request.turnover().isOver(request.self, tenants) && !awaitsJobs;
    }

    Turnover newTurnover() {
        return new Turnover(pool.readAheadReturned() + pool.used(SlabPool.Use.READ_AHEAD));
    }

    /**
     * What memtables use, those that only readers hold among them, without what stores keep that cannot flush, and what jobs use
     * to read ahead.
     */
    long movableBytes() {
        long bytes = pool.flushableBytes() + pool.used(SlabPool.Use.READ_AHEAD);
        for (MemoryTenant tenant : tenants) {
            bytes -= tenant.keptBytes();
        }
        return bytes;
    }

    /**
     * Looks which stores can give memory back; has the largest active memtable of another store frozen when no flush is
     * under way. It looks at one store after the other, so the result is that of one moment only if no memory was moved
     * meanwhile.
     */
    private Outlook look(MemoryRequest request) {
        Moment before = moment();
        if (isFlushing()) {
            return Outlook.FLUSH;
        }
        // Before the memtables: what a write that has just ended took is in one of them.
        boolean writing = !report.busyNames(request.self).isEmpty();
        Freeze others = request.freezeLarger(0);
        if (others == Freeze.DONE || isFlushing()) { // a close may have begun since the first look
            return Outlook.FLUSH;
        }
        if (pool.comesWithReadAhead(request.bytes)) {
            return Outlook.JOB;
        }
        boolean calls = writing || others == Freeze.BUSY || hasLingering(before) || !moment().equals(before);
        return calls ? Outlook.CALL : Outlook.NOTHING;
    }

    /** States that readers keep, or that are being replaced right now, and with them memory; of the moment, if that still lasts. */
    private boolean hasLingering(Moment moment) {
        long lingering = moment.replacedStates - moment.releasedStates;
        for (MemoryTenant tenant : tenants) {
            lingering -= tenant.harmlessStates();
        }
        return lingering > 0;
    }

    private boolean isFlushing() {
        for (MemoryTenant tenant : tenants) {
            if (tenant.awaitsFlush()) {
                return true;
            }
        }
        return false;
    }

    /**
     * A writer calls this from time to time as its memtable grows. It keeps the memtables of all stores near half of
     * the budget.
     *
     * @return true when {@code self} should freeze its own memtable
     */
    boolean shouldFreeze(MemoryTenant self) {
        long used = pool.flushableBytes();
        if (used <= pool.capacity() / 2) {
            return false;
        }
        long active = 0;
        MemoryTenant largest = self;
        long largestBytes = self.activeBytes();
        for (MemoryTenant tenant : tenants) {
            long bytes = tenant.activeBytes();
            active += bytes;
            if (bytes > largestBytes) {
                largest = tenant;
                largestBytes = bytes;
            }
        }
        if (active * 2 < used) {
            return false; // the memtables that are frozen already are enough
        }
        return largest == self || largest.tryFreeze() != Freeze.DONE;
    }

    /** Takes idle memtables from the iterators of all stores. */
    private int takeIdleMemtables() {
        int taken = 0;
        for (MemoryTenant tenant : tenants) {
            taken += tenant.takeIdleMemtables();
        }
        return taken;
    }

    /** True when memtables use more than half of the budget, those included that only readers still use. */
    public boolean isTight() {
        return pool.flushableBytes() > pool.capacity() / 2;
    }

    public MemoryReport report() {
        return report;
    }

    private record Sized(MemoryTenant tenant, long bytes) {}

    /**
     * Freezes the largest active memtable of another store that is larger than {@code ownBytes} and whose writer is not inside.
     *
     * @param freeze asked of one store after the other until it was done
     */
    public Freeze freezeLarger(MemoryTenant self, long ownBytes, Function<MemoryTenant, Freeze> freeze) {
        // Asked once each: writers change it meanwhile, and an order must not.
        List<Sized> others = new ArrayList<>();
        for (MemoryTenant tenant : tenants) {
            long bytes = tenant == self ? 0 : tenant.activeBytes();
            if (bytes > ownBytes) {
                others.add(new Sized(tenant, bytes));
            }
        }
        others.sort(Comparator.comparingLong(Sized::bytes).reversed());
        Freeze outcome = Freeze.NOTHING;
        for (Sized other : others) {
            Freeze tried = freeze.apply(other.tenant());
            if (tried == Freeze.DONE) {
                return tried;
            }
            if (tried == Freeze.BUSY) {
                outcome = tried;
            }
        }
        return outcome;
    }

    /**
     * Waits until memory has come back since the last attempt of {@code request}. When no flush is under way it has another store
     * flush what that has in memory, each store once; one with a write under way keeps its memory until that ends, and is asked
     * again. What the asking store has in memory itself it has frozen before, or seen something larger frozen.
     *
     * @param interruptible whether an interrupt ends the wait with a {@link StoreException}; its flag is kept in any case
     * @param checkOpen throws when the wait is for nothing because the store was closed
     */
    public Ended await(MemoryRequest request, boolean interruptible, Runnable checkOpen) {
        Callbacks.checkNone("A write that waits for memory");
        Moment before = request.before();
        boolean interrupted = false;
        try {
            boolean lookedTwice = false;
            boolean waited = false;
            while (isUnchanged(before)) {
                checkOpen.run();
                int emptied = takeIdleMemtables();
                if (emptied > 0) {
                    report.emptied(emptied);
                    continue;
                }
                Outlook outlook = look(request);
                if (outlook == Outlook.NOTHING && lookedTwice && isUnchanged(before)) {
                    return Ended.NOTHING;
                }
                lookedTwice = outlook == Outlook.NOTHING;
                // What goes on is about memory that others took since then.
                boolean turned = outlook != Outlook.NOTHING && isOver(request);
                if (turned && waited) {
                    return Ended.TURNED;
                }
                boolean flushing = outlook == Outlook.FLUSH;
                boolean calls = outlook == Outlook.CALL || outlook == Outlook.JOB;
                if (calls && request.isOverdue() && isUnchanged(before)) {
                    return Ended.OVERDUE;
                }
                if ((flushing || outlook == Outlook.JOB) && executor.help()) {
                    continue;
                }
                try {
                    waitFor(before, flushing && !turned ? FLUSH_WAIT_MILLIS : CALL_WAIT_MILLIS);
                } catch (InterruptedException e) {
                    interrupted = true;
                    if (interruptible) {
                        throw new StoreException("Interrupted while waiting for memory for " + request.text, e);
                    }
                }
                waited = true;
                if (calls && isUnchanged(before)) {
                    request.waitedForCalls();
                }
            }
            return Ended.CAME;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private synchronized boolean isUnchanged(Moment before) {
        return releasedStates == before.releasedStates && pool.readAheadReturned() == before.readAheadReturned;
    }

    private synchronized void waitFor(Moment before, long millis) throws InterruptedException {
        if (isUnchanged(before)) {
            wait(millis);
        }
    }
}
