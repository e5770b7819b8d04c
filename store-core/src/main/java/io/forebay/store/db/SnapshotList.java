package io.forebay.store.db;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The states of a store that somebody still reads: snapshots, iterators, and the newest commit. From it follow the
 * sequence number up to which the memtable must keep versions ({@link #pinned}), and the list that flushes and
 * compactions must respect ({@link #sequences}).
 *
 * <p>New states are claimed in ascending order because that happens inside the {@link WriterGate}, or while a batch that
 * is inside keeps the published state as it is; claims end on any thread.
 */
final class SnapshotList {
    /** One reader's claim on a state. */
    static final class Entry {
        final long sequence;
        private Entry previous;
        private Entry next;
        /** Set before the claim stops to pin anything, so that who sees a later write sees this too. */
        private volatile boolean removed;

        /** Null for what the engine opened for itself. */
        private final Opened opened;

        /** The order in which states were claimed first. */
        private final long number;

        /** Of an iterator that reads memtables; null for others. */
        private volatile MemtablePin pin;

        /** Of an iterator; null for others. */
        private volatile FilePin files;

        private Entry(long sequence, Opened opened, long number) {
            this.sequence = sequence;
            this.opened = opened;
            this.number = number;
        }

        /** True when the claim has ended. */
        boolean isRemoved() {
            return removed;
        }

        void pin(MemtablePin value) {
            pin = value;
        }

        void files(FilePin value) {
            files = value;
        }
    }

    private Entry first;
    private Entry last;
    private int size;
    /** How many claims there have been. */
    private long claimed;
    /** Held while values that a filter dropped vanish; taken inside the monitor of the {@link Installer} only. */
    private final Object vanishing = new Object();
    /** True meanwhile. Set inside the monitor of this. */
    private volatile boolean inVanish;

    private long commit;
    private volatile long pinned;

    /** Versions at or below it must not be overwritten in place. Exact inside the gate; it may fall at any time. */
    long pinned() {
        return pinned;
    }

    /**
     * Adds a claim; the caller is inside the gate, and {@code sequence} is the store's last published one.
     *
     * @return null when the user has to wait, outside the gate: {@link #awaitVanished}. Never for the engine itself, which
     *     looks at one read state only
     */
    synchronized Entry add(long sequence, Opened opened) {
        return inVanish && opened != null ? null : insertAfter(last, sequence, opened, ++claimed);
    }

    /**
     * As {@link #add}, beside a large batch instead of inside the gate. The claim counts only if the batch is still {@linkplain
     * WritePath#isUnderWay under way} afterwards: else the next write may not have seen it.
     *
     * @return null when the batch has ended, or the user has to wait
     */
    synchronized Entry addBeside(WritePath writes, long batch, long sequence, Opened opened) {
        return writes.isUnderWay(batch) ? add(sequence, opened) : null;
    }

    /** How many claims there have been. */
    synchronized long claimed() {
        return claimed;
    }

    /**
     * Makes a change by which values vanish that a compaction filter dropped, unless somebody has claimed a state after the
     * first {@code before} claims, whom the job has not asked. Who comes during the change waits, and sees what is left: so
     * no snapshot and no iterator ever loses what it has shown. The caller holds the monitor of the {@link Installer}.
     *
     * @return whether the change was made
     */
    <E extends Exception> boolean vanish(long before, JobFilter.Change<E> change) throws E {
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

    /** Waits for the change under way, if there is one; the caller is inside of nothing. */
    void awaitVanished() {
        if (Thread.holdsLock(vanishing)) {
            throw new IllegalStateException(
                    "A method that opens a snapshot or an iterator was called by code that runs while"
                            + " what a compaction filter left is made durable, a key provider or a file store for example");
        }
        synchronized (vanishing) {
            // it is over
        }
    }

    /** Adds a claim on the state of {@code other}; null when that claim has ended already. Any thread. */
    synchronized Entry addLike(Entry other, Opened opened) {
        return other.removed ? null : insertAfter(other, other.sequence, opened, other.number);
    }

    /** What users opened and did not close yet, by the age of the states they see. */
    synchronized List<Opened> open() {
        List<Opened> open = new ArrayList<>();
        for (Entry entry = first; entry != null; entry = entry.next) {
            if (entry.opened != null) {
                open.add(entry.opened);
            }
        }
        return open;
    }

    /** What iterators hold in memory, by the age of the states they see; some of it may be taken already. */
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

    /** What iterators hold of files; some of it may be taken already. */
    synchronized List<FilePin> filePins() {
        List<FilePin> pins = new ArrayList<>();
        for (Entry entry = first; entry != null; entry = entry.next) {
            FilePin files = entry.files;
            if (files != null) {
                pins.add(files);
            }
        }
        return pins;
    }

    /** The iterator that was opened first of those that are open, or null. Walks over all, and allocates nothing. */
    synchronized Opened oldestIterator() {
        Opened oldest = null;
        for (Entry entry = first; entry != null; entry = entry.next) {
            Opened opened = entry.opened;
            if (opened != null && opened.isIterator() && (oldest == null || opened.nanos() - oldest.nanos() < 0)) {
                oldest = opened;
            }
        }
        return oldest;
    }

    private Entry insertAfter(Entry place, long sequence, Opened opened, long number) {
        Entry entry = new Entry(sequence, opened, number);
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
        pinned = Math.max(commit, last.sequence);
        return entry;
    }

    /** Ends a claim. Idempotent. */
    synchronized void remove(Entry entry) {
        if (entry.removed) {
            return;
        }
        entry.removed = true;
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
        pinned = Math.max(commit, last == null ? 0 : last.sequence);
    }

    /** Notes the newest commit, whose state must survive until it is in files; the caller is inside the gate. */
    synchronized void commitAt(long sequence) {
        commit = sequence;
        pinned = Math.max(sequence, last == null ? 0 : last.sequence);
    }

    /** The distinct sequence numbers of all claims, ascending. */
    synchronized long[] sequences() {
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
    long[] sequencesWith(long extra) {
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
