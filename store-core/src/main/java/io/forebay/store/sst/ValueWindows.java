package io.forebay.store.sst;

import io.forebay.store.SlabAllocator;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.util.Slab;
import io.forebay.store.values.ValueFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The buffers of one cursor for values in value files. The references of an SST to one value file ascend with its keys, so a scan
 * that reads values goes through each of its value files from front to back, or from back to front; one read of a file gets many of them.
 *
 * <pre>
 *   keys          a   b   c   d   e   f   g
 *   value files   1   2   1   1   2   1   2        a window for each file; d is the third of file 1, so from d on there is one
 *
 *   file 1   | a | c | - | d | f | ...             with values that nobody refers to any more between those that are wanted
 *                        |--window---|
 * </pre>
 *
 * A value is read alone before its file is known to be gone through, when it is long, and when there is no memory. Used by one thread.
 */
final class ValueWindows {
    /** The shortest window. The longest is a slab. */
    private static final int LEAST_BYTES = 16 << 10;
    /** All windows of a cursor have at most so many bytes, */
    private static final int MOST_ALL_BYTES = 1 << 20;
    /** and at most the budget divided by this. */
    private static final int BUDGET_SHARE = 128;
    /** A longer value is read alone. */
    private static final int MOST_BYTES = LEAST_BYTES / 2;
    /** The most bytes that nobody wants between two values that follow each other. */
    private static final int MOST_GAP = LEAST_BYTES / 2;
    /** So many values of a file have to follow each other before more than the wanted one is read. */
    private static final int LEAST_SEQUENTIAL = 2;
    /** No window takes memory when {@link SlabPool.Use#METADATA} would be more than the budget divided by this. */
    private static final int METADATA_SHARE = 4;

    /** Null for none: then each value is read alone. */
    private final SlabPool pool;

    private final List<HeldBuffer> slabs = new ArrayList<>();
    /** The length of a window of the present SST. */
    private int bytes;

    private int mostWindows;
    /** The windows with memory. */
    private int windows;
    /** What was found. */
    Slab slab;

    int at;
    /** By place of the value file in the list of the present SST. */
    private Window[] byPlace = {};

    ValueWindows(SlabPool pool) {
        this.pool = pool;
    }

    /** What was read of one value file. */
    private static final class Window {
        /** Where the last value began and ended. */
        long begin = -1;

        long end = -1;
        int sequential;
        /** Null until it has memory. */
        Slab slab;

        int at;
        /** The part of the file in the window. */
        long from;

        long to;

        /** Notes a value. @return whether the window should be filled backwards, if at all */
        boolean note(long offset, long stop) {
            if (offset == begin) {
                return false; // the same once more
            }
            boolean follows = begin >= 0 && offset >= end && offset - end <= MOST_GAP;
            boolean precedes = begin >= 0 && stop <= begin && begin - stop <= MOST_GAP;
            sequential = follows || precedes ? sequential + 1 : 0;
            begin = offset;
            end = stop;
            return precedes;
        }
    }

    /** The next values are those of another SST. */
    void nextSst() {
        byPlace = new Window[0];
        windows = 0;
    }

    /**
     * Finds a value, and reads on from there if it is worth it.
     *
     * @param place of the file in the list of the present SST, which has {@code files}
     * @return false when it is to be read alone; else {@link #slab} has it at {@link #at}, until the next call, unchecked
     */
    boolean find(ValueFile file, int place, int files, long offset, int length) throws IOException {
        long stored = file.storedBytes(length);
        if (pool == null || stored > MOST_BYTES) {
            return false;
        }
        if (byPlace.length == 0) {
            start(files);
        }
        Window window = byPlace[place];
        if (window == null) {
            window = new Window();
            byPlace[place] = window;
        }
        boolean backwards = window.note(offset, offset + stored);
        boolean isThere = offset >= window.from && offset + stored <= window.to;
        if (!isThere && (window.sequential < LEAST_SEQUENTIAL || !fill(window, file, offset, stored, backwards))) {
            return false;
        }
        slab = window.slab;
        at = window.at + (int) (offset - window.from);
        return true;
    }

    /** Shares out what a cursor may have: the fewer value files take turns, the longer windows are. */
    private void start(int files) {
        byPlace = new Window[files];
        long most = Math.min(MOST_ALL_BYTES, pool.budget() / BUDGET_SHARE);
        bytes = SlabAllocator.SLAB_BYTES;
        while (bytes > LEAST_BYTES && (long) bytes * files > most) {
            bytes /= 2;
        }
        mostWindows = (int) (most / bytes);
    }

    /** @return false when the value is not in the window now: there is no memory, or no such value in the file */
    private boolean fill(Window window, ValueFile file, long offset, long stored, boolean backwards)
            throws IOException {
        long end = file.valuesEnd();
        if (offset + stored > end || window.slab == null && !takeMemory(window)) {
            return false;
        }
        // about twice as many values as followed each other so far, so that a short scan reads little in vain
        long length = Math.min(bytes, 2 * window.sequential * stored);
        long from = backwards ? Math.max(0, offset + stored - length) : offset;
        long to = backwards ? offset + stored : Math.min(end, offset + length);
        window.to = window.from; // empty if the read fails
        file.readStored(from, (int) (to - from), window.slab, window.at);
        window.from = from;
        window.to = to;
        return true;
    }

    private boolean takeMemory(Window window) {
        if (windows >= mostWindows) {
            return false;
        }
        int perSlab = SlabAllocator.SLAB_BYTES / bytes;
        int number = windows / perSlab;
        if (number == slabs.size()) {
            boolean room =
                    pool.used(SlabPool.Use.METADATA) + SlabAllocator.SLAB_BYTES <= pool.budget() / METADATA_SHARE;
            HeldBuffer taken = room ? HeldBuffer.tryTake(pool, SlabPool.Use.METADATA, SlabAllocator.SLAB_BYTES) : null;
            if (taken == null) {
                return false;
            }
            slabs.add(taken);
        }
        window.slab = slabs.get(number).slab;
        window.at = windows % perSlab * bytes;
        windows++;
        return true;
    }

    /** Gives the memory back. Idempotent; the windows can be used again. */
    void close() {
        nextSst();
        slab = null;
        slabs.forEach(HeldBuffer::giveBack);
        slabs.clear();
    }
}
