package io.forebay.store.db;

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
 * Shares the memory of one environment among the memtables of its stores: when they use more than half of the budget, the
 * store with the largest active memtable is made to flush it, idle or not; a writer that gets no memory waits here until
 * a flush gives some back.
 *
 * <p>Thread-safe. Holds no lock of its own while it calls a tenant.
 */
final class MemoryArbiter {
    /** A store, as far as its memory goes. Any thread may call. */
    interface Tenant {
        /** Memory of the active memtable in bytes; 0 when it is empty. */
        long activeBytes();

        /** True while frozen memtables wait for a flush that will come, or a close is about to give back what it holds. */
        boolean awaitsFlush();

        /** Freezes the active memtable and starts its flush. Does not wait for a writer that is inside the gate. */
        Freeze tryFreeze();

        /** Where the active memtable begins: a number that grows with each freeze. */
        long activeSince();

        /**
         * True when all memtables that ended before {@code since}, an {@link #activeSince}, have left memory: readers have let go
         * of them as well. Those that are kept because no flush will come do not count.
         */
        boolean hasGivenBack(long since);

        /** How many read states were replaced, and are still held by readers, but keep nothing that the present one does not keep. */
        default int harmlessStates() {
            return 0;
        }

        /** Memory of memtables that the store will not flush, because background work failed; 0 when it will. */
        default long keptBytes() {
            return 0;
        }

        /** For messages: why it keeps them; null when it does not. */
        default String keptMemory() {
            return null;
        }

        /**
         * The name of the store when a write is under way, which may have memory that no memtable shows yet, and which does not
         * itself wait empty-handed; else null.
         */
        default String busyStore() {
            return null;
        }

        /**
         * Takes memtables that are in files by now away from iterators that nobody moves.
         *
         * @return how many iterators gave something back
         */
        default int takeIdleMemtables() {
            return 0;
        }

        /** The iterator that has been open for longest, or null. */
        default Opened oldestIterator() {
            return null;
        }
    }

    /** What became of the wish to freeze an active memtable. */
    enum Freeze {
        DONE,
        /** It would give nothing back. */
        NOTHING,
        /** A write is under way; when that is over it may be done. */
        BUSY
    }

    /** How a wait for memory came to its end. */
    enum Ended {
        /** Memory came back: it is worth another attempt. */
        CAME,
        /** For a moment nobody was seen who could give any back; {@link #nothingComes} tells whether that is so. */
        NOTHING,
        /** All that others had at the last attempt has come back. */
        TURNED,
        /** Calls that are under way kept theirs for too long. */
        OVERDUE
    }

    private enum Outlook {
        FLUSH,
        CALL,
        NOTHING
    }

    /**
     * What moves memory from one place to another, counted. Between two that are equal no memtable was frozen or given back, and
     * no request was refused that may have held some of the memory for a moment.
     */
    record Moment(long replacedStates, long releasedStates, long refusals) {}

    /**
     * How long at a time a writer waits for memory that only calls that are under way keep: reads, and writes of other stores.
     */
    static final long CALL_WAIT_MILLIS = 10;
    /** A flush is announced by a signal; the limit only bounds the harm of memory that came back without one. */
    private static final long FLUSH_WAIT_MILLIS = 100;

    private final SlabPool pool;
    private final BackgroundExecutor executor;
    private final List<Tenant> tenants = new CopyOnWriteArrayList<>();
    private final MemoryReport report;
    private long replacedStates;
    private long releasedStates;
    private long refusals;
    /** Held while a request is tried that was refused once. */
    private final Object trying = new Object();

    MemoryArbiter(SlabPool pool, BackgroundExecutor executor, Clock clock) {
        this.pool = pool;
        this.executor = executor;
        report = new MemoryReport(pool, clock, tenants);
    }

    void add(Tenant tenant) {
        tenants.add(tenant);
    }

    void remove(Tenant tenant) {
        tenants.remove(tenant);
        synchronized (this) {
            notifyAll();
        }
    }

    /** Whoever waits looks again. */
    synchronized void wakeAll() {
        notifyAll();
    }

    /** A store replaced its read state; memory may come back when readers have left the old one. */
    synchronized void stateReplaced() {
        replacedStates++;
    }

    /** A read state let go of its memtables. */
    synchronized void stateReleased() {
        releasedStates++;
        notifyAll();
    }

    /** A writer was refused what it asked for, and is about to wait; meanwhile it may have held a part of it. */
    synchronized void refused() {
        refusals++;
    }

    /** To be taken before an attempt to get memory. */
    synchronized Moment moment() {
        return new Moment(replacedStates, releasedStates, refusals);
    }

    /**
     * Tries a request again that was refused. One at a time: two that each take a part of what both need would fail, though
     * there is enough for one.
     */
    boolean tryAgain(BooleanSupplier attempt) {
        synchronized (trying) {
            return attempt.getAsBoolean();
        }
    }

    /**
     * True when nobody can give memory back, and nobody did since before the last attempt of {@code request}: that one failed
     * for good.
     */
    boolean nothingComes(MemoryRequest request) {
        return look(request) == Outlook.NOTHING && moment().equals(request.before());
    }

    /** True when all that others had in memtables when the {@link Turnover} of the request began has come back. */
    boolean isOver(MemoryRequest request) {
        return request.turnover().isOver(request.self, tenants);
    }

    /** What memtables use, those that only readers hold among them, without what stores keep that cannot flush. */
    long movableBytes() {
        long bytes = pool.used(SlabPool.Use.MEMTABLE);
        for (Tenant tenant : tenants) {
            bytes -= tenant.keptBytes();
        }
        return bytes;
    }

    /**
     * Who can give memory back; has the largest memtable of another store frozen when no flush is under way. The looks at one
     * store after the other are of one moment only if nothing was moved meanwhile.
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
        boolean calls = writing || others == Freeze.BUSY || hasLingering(before) || !moment().equals(before);
        return calls ? Outlook.CALL : Outlook.NOTHING;
    }

    /** States that readers keep, or that are being replaced right now, and with them memory; of the moment, if that still lasts. */
    private boolean hasLingering(Moment moment) {
        long lingering = moment.replacedStates - moment.releasedStates;
        for (Tenant tenant : tenants) {
            lingering -= tenant.harmlessStates();
        }
        return lingering > 0;
    }

    private boolean isFlushing() {
        for (Tenant tenant : tenants) {
            if (tenant.awaitsFlush()) {
                return true;
            }
        }
        return false;
    }

    /**
     * Called by a writer now and then as its memtable grows: keeps the memtables of all stores near half of the budget.
     *
     * @return true when {@code self} should freeze its own memtable
     */
    boolean shouldFreeze(Tenant self) {
        long used = pool.used(SlabPool.Use.MEMTABLE);
        if (used <= pool.capacity() / 2) {
            return false;
        }
        long active = 0;
        Tenant largest = self;
        long largestBytes = self.activeBytes();
        for (Tenant tenant : tenants) {
            long bytes = tenant.activeBytes();
            active += bytes;
            if (bytes > largestBytes) {
                largest = tenant;
                largestBytes = bytes;
            }
        }
        if (active * 2 < used) {
            return false; // what is frozen already will do
        }
        return largest == self || largest.tryFreeze() != Freeze.DONE;
    }

    /** Of all stores. */
    private int takeIdleMemtables() {
        int taken = 0;
        for (Tenant tenant : tenants) {
            taken += tenant.takeIdleMemtables();
        }
        return taken;
    }

    /** True when memtables, those that only readers hold among them, use more than half of the budget. */
    boolean isTight() {
        return pool.used(SlabPool.Use.MEMTABLE) > pool.capacity() / 2;
    }

    MemoryReport report() {
        return report;
    }

    private record Sized(Tenant tenant, long bytes) {}

    /**
     * Freezes the largest active memtable of another store that is larger than {@code ownBytes} and whose writer is not inside.
     *
     * @param freeze asked of one store after the other until it was done
     */
    Freeze freezeLarger(Tenant self, long ownBytes, Function<Tenant, Freeze> freeze) {
        // Asked once each: writers change it meanwhile, and an order must not.
        List<Sized> others = new ArrayList<>();
        for (Tenant tenant : tenants) {
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
    Ended await(MemoryRequest request, boolean interruptible, Runnable checkOpen) {
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
                if (outlook == Outlook.CALL && request.isOverdue() && isUnchanged(before)) {
                    return Ended.OVERDUE;
                }
                boolean flushing = outlook == Outlook.FLUSH;
                if (flushing && executor.help()) {
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
                if (outlook == Outlook.CALL && isUnchanged(before)) {
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
        return releasedStates == before.releasedStates;
    }

    private synchronized void waitFor(Moment before, long millis) throws InterruptedException {
        if (isUnchanged(before)) {
            wait(millis);
        }
    }
}
