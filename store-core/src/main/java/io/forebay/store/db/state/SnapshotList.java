package io.forebay.store.db.state;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The claims on states of a store, that is the sequence numbers that readers still need: those of snapshots and
 * iterators, and of the newest commit.
 *
 * <pre>
 *   claims:      17 -- 17 -- 20 -- 31        ascending; an entry for each snapshot and iterator
 *   commit:      28
 *   sequences(): 17, 20, 31                  what flushes and compactions keep
 *   pinned():    31                          a version of a key at or below it is never overwritten in place
 * </pre>
 *
 * <p>New states are claimed in ascending order, because a claim is made inside the {@link WriterGate}, or beside a
 * large batch that leaves the published state as it is. Any thread may end a claim.
 */
public final class SnapshotList {
    /** Nobody waits: above the oldest claim, also when there is none. */
    private static final long NOT_AWAITED = Long.MAX_VALUE;

    private static final VarHandle PIN;
    private static final VarHandle PINNED;
    private static final VarHandle REMOVED;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            PIN = lookup.findVarHandle(Entry.class, "pin", MemtablePin.class);
            PINNED = lookup.findVarHandle(SnapshotList.class, "pinned", long.class);
            REMOVED = lookup.findVarHandle(Entry.class, "removed", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Installs what a job has made, so that readers see it. */
    @FunctionalInterface
    public interface Change<E extends Exception> {
        void apply() throws E;
    }

    /** The claim of one reader on a state. */
    public static final class Entry {
        public final long sequence;
        // Guarded by SnapshotList
        private Entry previous;
        private Entry next;
        /** Set before the claim stops to pin anything. So a reader that sees a later write sees this, too. */
        // Written under SnapshotList, read without
        private volatile boolean removed;

        /** Null for a claim that the engine made for itself. */
        private final Opened opened;

        /** The order in which states were claimed first. */
        private final long number;

        /** The pin of an iterator that reads memtables; null for others. */
        // Volatile: written by the iterator's thread
        private volatile MemtablePin pin;

        /** The pin of an iterator; null for others. Known from the start, so that no close of the store misses it. */
        private final FilePin files;

        private Entry(long sequence, Opened opened, FilePin files, long number) {
            this.sequence = sequence;
            this.opened = opened;
            this.files = files;
            this.number = number;
        }

        /** True when the claim has ended. */
        public boolean isRemoved() {
            return removed;
        }

        /** Without a full fence: a close of the store stops the iterator's thread before it looks, see {@link FilePin}. */
        public void pin(MemtablePin value) {
            PIN.setRelease(this, value);
        }
    }

    // Guarded by this
    private Entry first;
    private Entry last;
    private int size;
    /** Number of claims so far. */
    private long claimed;

    private long iteratorsOpened;
    private long iteratorsClosed;
    /**
     * A lock that is held while values vanish that a filter dropped. It is taken only inside the monitor of the {@code
     * Installer}.
     */
    private final Object vanishing = new Object();
    /** True while such values vanish. */
    // Written under vanishing, read without
    private volatile boolean inVanish;

    // Guarded by this
    private long commit;

    // Written under this, read without
    private volatile long pinned;

    // Guarded by this
    private long awaited = NOT_AWAITED;

    /** Told when no claim is older than {@link #awaited}. Set before the store is used. */
    // Volatile: written by the thread that opens the store
    private volatile Runnable wake = () -> {};

    /**
     * The pinned sequence: a version of a key at or below it must not be overwritten in place. Exact inside the gate;
     * it may fall at any time.
     */
    public long pinned() {
        return pinned;
    }

    /**
     * Adds a claim. The caller is inside the gate, and {@code sequence} is the last published sequence number of the
     * store.
     *
     * @param opened null for a claim of the engine
     * @param files the pin of an iterator; null for others
     * @return null when the user has to wait, outside the gate: {@link #awaitVanished}. Never null for the engine
     *     itself, which looks at one read state only
     */
    public synchronized Entry add(long sequence, Opened opened, FilePin files) {
        return inVanish && opened != null ? null : insertAfter(last, sequence, opened, files, ++claimed);
    }

    /**
     * As {@link #add}, beside a large batch instead of inside the gate. The claim counts only if the batch is still
     * {@linkplain ActiveMemtable#isUnderWay under way} afterwards: otherwise the next write may not have seen the
     * claim.
     *
     * @return null when the batch has ended, or the user has to wait
     */
    public synchronized Entry addBeside(
            ActiveMemtable active, long batch, long sequence, Opened opened, FilePin files) {
        Entry entry = active.isUnderWay(batch) ? add(sequence, opened, files) : null;
        VarHandle.fullFence(); // no lock of the writer orders the claim and the look at the batch that follows
        return entry;
    }

    /** Number of claims so far. */
    public synchronized long claimed() {
        return claimed;
    }

    /**
     * Makes a change by which values vanish that a compaction filter dropped, unless a user has claimed a state after
     * the first {@code before} claims, which the job did not consider. A user that claims a state during the change
     * waits, and sees what is left. So a snapshot or iterator never loses what it has shown. The caller has the monitor
     * of the {@code Installer}.
     *
     * @return whether the change was made
     */
    public <E extends Exception> boolean vanish(long before, Change<E> change) throws E {
        synchronized (vanishing) {
            if (!beginVanish(before)) {
                return false;
            }
            try {
                change.apply();
            } finally {
                inVanish = false; // without a call: there may be no stack left for one
            }
            return true;
        }
    }

    private synchronized boolean beginVanish(long before) {
        for (Entry entry = first; entry != null; entry = entry.next) {
            if (entry.number > before && entry.opened != null) {
                return false;
            }
        }
        inVanish = true;
        return true;
    }

    /** Waits for the change that is under way, if there is one. The caller has no lock and is outside the gate. */
    public void awaitVanished() {
        if (Thread.holdsLock(vanishing)) {
            throw new IllegalStateException(
                    "A method that opens a snapshot or an iterator was called by code that runs while"
                            + " what a compaction filter left is made durable, a key provider or a file store for example");
        }
        synchronized (vanishing) {
            // the change has ended
        }
    }

    /** Adds a claim on the state of {@code other}; null when that claim has ended already. Any thread. */
    public synchronized Entry addLike(Entry other, Opened opened, FilePin files) {
        return other.removed ? null : insertAfter(other, other.sequence, opened, files, other.number);
    }

    /** Number of iterators opened so far. */
    public synchronized long iteratorsOpened() {
        return iteratorsOpened;
    }

    /** Number of iterators that are open. */
    public synchronized long openIterators() {
        return iteratorsOpened - iteratorsClosed;
    }

    /** What users have opened and not closed yet, by the age of the states that they see. */
    public synchronized List<Opened> open() {
        List<Opened> open = new ArrayList<>();
        for (Entry entry = first; entry != null; entry = entry.next) {
            if (entry.opened != null) {
                open.add(entry.opened);
            }
        }
        return open;
    }

    /** The memtable pins of iterators, by the age of the states that they see; some may be taken already. */
    synchronized List<MemtablePin> pins() {
        List<MemtablePin> pins = new ArrayList<>();
        for (Entry entry = first; entry != null; entry = entry.next) {
            MemtablePin pin = entry.pin;
            if (pin != null) {
                pins.add(pin);
            }
        }
        return pins;
    }

    /** The file pins of iterators; some may be taken already. */
    public synchronized List<FilePin> filePins() {
        List<FilePin> pins = new ArrayList<>();
        for (Entry entry = first; entry != null; entry = entry.next) {
            FilePin files = entry.files;
            if (files != null) {
                pins.add(files);
            }
        }
        return pins;
    }

    /** The open iterator that was opened first, or null. Walks over all claims, and allocates nothing. */
    public synchronized Opened oldestIterator() {
        Opened oldest = null;
        for (Entry entry = first; entry != null; entry = entry.next) {
            Opened opened = entry.opened;
            if (opened != null && opened.isIterator() && (oldest == null || opened.nanos() - oldest.nanos() < 0)) {
                oldest = opened;
            }
        }
        return oldest;
    }

    private Entry insertAfter(Entry place, long sequence, Opened opened, FilePin files, long number) {
        Entry entry = new Entry(sequence, opened, files, number);
        entry.previous = place;
        entry.next = place == null ? first : place.next;
        if (place == null) {
            first = entry;
        } else {
            place.next = entry;
        }
        if (entry.next == null) {
            last = entry;
        } else {
            entry.next.previous = entry;
        }
        size++;
        if (files != null) {
            iteratorsOpened++;
        }
        setPinned();
        return entry;
    }

    /** @param newWake see {@link #await}. Throws nothing, and may be called with any lock held. Set before the store is used */
    public void onReached(Runnable newWake) {
        wake = newWake;
    }

    /**
     * Has the end of a claim tell it, once, when no claim on a state before {@code sequence} is left. A later call replaces an earlier one.
     *
     * @param sequence {@link Long#MAX_VALUE} for none
     * @return false when there is no such claim now, and nothing is told
     */
    public synchronized boolean await(long sequence) {
        boolean now = sequence != NOT_AWAITED && sequence <= oldest();
        awaited = now ? NOT_AWAITED : sequence;
        return !now;
    }

    private long oldest() {
        return first == null ? NOT_AWAITED - 1 : first.sequence;
    }

    /** Ends a claim. Idempotent. */
    public void remove(Entry entry) {
        if (end(entry)) {
            wake.run();
        }
    }

    /** @return whether the oldest claims are gone that somebody waits for */
    private synchronized boolean end(Entry entry) {
        if (entry.removed) {
            return false;
        }
        REMOVED.setRelease(entry, true);
        if (entry.previous == null) {
            first = entry.next;
        } else {
            entry.previous.next = entry.next;
        }
        if (entry.next == null) {
            last = entry.previous;
        } else {
            entry.next.previous = entry.previous;
        }
        size--;
        if (entry.files != null) {
            iteratorsClosed++;
        }
        setPinned();
        if (awaited > oldest()) {
            return false;
        }
        awaited = NOT_AWAITED;
        return true;
    }

    /** Without a full fence: the writer looks inside the gate, which orders it after claims that were made there. */
    private void setPinned() {
        PINNED.setRelease(this, Math.max(commit, last == null ? 0 : last.sequence));
    }

    /** Notes the newest commit, whose state must stay until it is in files. The caller is inside the gate. */
    public synchronized void commitAt(long sequence) {
        commit = sequence;
        setPinned();
    }

    /** The snapshot sequences: the distinct sequence numbers of all claims, ascending. */
    public synchronized long[] sequences() {
        long[] all = new long[size];
        int count = 0;
        for (Entry entry = first; entry != null; entry = entry.next) {
            if (count == 0 || all[count - 1] != entry.sequence) {
                all[count++] = entry.sequence;
            }
        }
        return Arrays.copyOf(all, count);
    }

    /** As {@link #sequences()}, with {@code extra} among them. */
    public long[] sequencesWith(long extra) {
        long[] all = sequences();
        int at = Arrays.binarySearch(all, extra);
        if (at >= 0) {
            return all;
        }
        int place = -at - 1;
        long[] more = new long[all.length + 1];
        System.arraycopy(all, 0, more, 0, place);
        more[place] = extra;
        System.arraycopy(all, place, more, place + 1, all.length - place);
        return more;
    }
}
