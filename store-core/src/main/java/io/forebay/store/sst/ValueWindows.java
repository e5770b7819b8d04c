package io.forebay.store.sst;

import io.forebay.store.SlabAllocator;
import io.forebay.store.ValueBuffer;
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
    /** A window. A slab has several. */
    static final int BYTES = 16 << 10;

    private static final int PER_SLAB = SlabAllocator.SLAB_BYTES / BYTES;
    /** The most windows: so many value files may take turns. */
    static final int MOST_WINDOWS = 64;
    /** The slabs of all windows are at most the budget divided by this. */
    private static final int BUDGET_SHARE = 128;
    /** A longer value is read alone. */
    private static final int MOST_BYTES = BYTES / 2;
    /** So many values of a file have to follow each other before more than the wanted one is read. */
    private static final int LEAST_SEQUENTIAL = 2;
    /** No window takes memory when {@link SlabPool.Use#METADATA} would be more than the budget divided by this. */
    private static final int METADATA_SHARE = 4;

    /** Null for none: then each value is read alone. */
    private final SlabPool pool;

    private final List<HeldBuffer> slabs = new ArrayList<>();
    private int windows;
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
            boolean follows = begin >= 0 && offset >= end && offset - end <= BYTES / 2;
            boolean precedes = begin >= 0 && stop <= begin && begin - stop <= BYTES / 2;
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
     * Reads a value.
     *
     * @param place of the file in the list of the present SST, which has {@code files}
     * @param into gets it; its content is lost when this throws
     */
    void read(ValueFile file, int place, int files, long offset, int length, ValueBuffer into) throws IOException {
        long stored = file.storedBytes(length);
        if (pool == null || stored > MOST_BYTES) {
            file.read(offset, length, into);
            return;
        }
        if (byPlace.length == 0) {
            byPlace = new Window[files];
        }
        Window window = byPlace[place];
        if (window == null) {
            window = new Window();
            byPlace[place] = window;
        }
        boolean backwards = window.note(offset, offset + stored);
        boolean isThere = offset >= window.from && offset + stored <= window.to;
        if (isThere || window.sequential >= LEAST_SEQUENTIAL && fill(window, file, offset, stored, backwards)) {
            file.take(offset, length, window.slab, window.at + (int) (offset - window.from), into);
        } else {
            file.read(offset, length, into);
        }
    }

    /** @return false when the value is not in the window now: there is no memory, or no such value in the file */
    private boolean fill(Window window, ValueFile file, long offset, long stored, boolean backwards)
            throws IOException {
        long end = file.valuesEnd();
        if (offset + stored > end || window.slab == null && !takeMemory(window)) {
            return false;
        }
        long from = backwards ? Math.max(0, offset + stored - BYTES) : offset;
        long to = backwards ? offset + stored : Math.min(end, offset + BYTES);
        window.to = window.from; // empty if the read fails
        file.readStored(from, (int) (to - from), window.slab, window.at);
        window.from = from;
        window.to = to;
        return true;
    }

    private boolean takeMemory(Window window) {
        int most = (int) Math.min(MOST_WINDOWS, pool.budget() / BUDGET_SHARE / SlabAllocator.SLAB_BYTES * PER_SLAB);
        if (windows >= most) {
            return false;
        }
        int slab = windows / PER_SLAB;
        if (slab == slabs.size()) {
            boolean room =
                    pool.used(SlabPool.Use.METADATA) + SlabAllocator.SLAB_BYTES <= pool.budget() / METADATA_SHARE;
            HeldBuffer taken = room ? HeldBuffer.tryTake(pool, SlabPool.Use.METADATA, SlabAllocator.SLAB_BYTES) : null;
            if (taken == null) {
                return false;
            }
            slabs.add(taken);
        }
        window.slab = slabs.get(slab).slab;
        window.at = windows % PER_SLAB * BYTES;
        windows++;
        return true;
    }

    /** Gives the memory back. Idempotent; the windows can be used again. */
    void close() {
        nextSst();
        slabs.forEach(HeldBuffer::giveBack);
        slabs.clear();
    }
}
