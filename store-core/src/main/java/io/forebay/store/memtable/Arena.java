package io.forebay.store.memtable;

import io.forebay.store.SlabAllocator;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.cache.SlabPool.Use;
import io.forebay.store.util.Slab;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The slabs of one memtable, filled from front to back and given back all at once. A ref names a place in them:
 * {@code slab index << 13 | offset / 8}, never 0. A record does not cross slabs; a record that is longer than {@link #LARGE}
 * and does not fit the rest of the current slab gets a slab of its own, of whole pages.
 *
 * <p>Only the writer allocates. {@link #reserve} takes slabs ahead of time, so that the allocations it covers cannot fail.
 * Readers may use any ref that they read with acquire from a place where the writer stored it with release.
 */
final class Arena {
    static final int SLAB_BYTES = SlabAllocator.SLAB_BYTES;
    static final int REF_SHIFT = 13;
    /** Only longer records get slabs of their own, so less than this is left unused at the end of a slab. */
    static final int LARGE = SLAB_BYTES / 4;

    private static final int OFFSET_MASK = (1 << REF_SHIFT) - 1;
    private static final int MAX_SLABS = 1 << (32 - REF_SHIFT);
    /** Records that are not large fit one empty slab, in any order, if their total length is at most this. */
    private static final int SURE_BYTES = SLAB_BYTES - LARGE;

    private final SlabPool pool;
    /**
     * Grown by copying. A reader that has read a ref with acquire sees an array that contains the slab of the ref. Element 0
     * stays empty, because no ref is 0.
     */
    // Written by the writer, read with acquire
    private Slab[] slabs = new Slab[16];

    // Writer only
    private int slabCount = 1;
    private int position;
    private int end;
    private int currentBase;
    /** Bytes of small records that are reserved and not allocated yet. */
    private long promised;

    private final ArrayList<Slab> spare = new ArrayList<>();
    private final ArrayList<Slab> spareLarge = new ArrayList<>();

    // Racy: other threads read it for statistics, and may see an older value
    private long heldBytes;
    private long allocatedBytes;

    Arena(SlabPool pool) {
        this.pool = pool;
    }

    Slab slab(int ref) {
        return slabs[ref >>> REF_SHIFT];
    }

    static int offset(int ref) {
        return (ref & OFFSET_MASK) << 3;
    }

    /** Bytes of all slabs, reserved ones included. */
    long heldBytes() {
        return heldBytes;
    }

    /** Bytes of all records. */
    long allocatedBytes() {
        return allocatedBytes;
    }

    /** As {@link #reserve} for small records, if they need no further slab; else false. The short path for the usual case. */
    boolean reserveHere(long bytes) {
        promised = 0;
        return bytes <= end - position;
    }

    /** The most bytes that an empty arena takes from the pool to have room for small records of this total length. */
    static long bytesFor(long smallBytes) {
        return (smallBytes + SURE_BYTES - 1) / SURE_BYTES * SLAB_BYTES;
    }

    /**
     * Makes sure that small records of {@code smallBytes} in all, and one record of each of the {@code large} lengths, can be
     * allocated. Replaces the last reservation. When this returns false or throws, the caller calls {@link #unreserve}.
     */
    boolean reserve(long smallBytes, int[] large, int largeCount) {
        promised = 0;
        if (!reserveSmall(smallBytes) || (largeCount > 0 && !reserveLarge(large, largeCount))) {
            return false;
        }
        growTo(slabCount + spare.size() + spareLarge.size());
        promised = smallBytes;
        return true;
    }

    /** Gives back the slabs that are reserved and not in use. */
    void unreserve() {
        promised = 0;
        giveBackAll(spare);
        giveBackAll(spareLarge);
    }

    private boolean reserveSmall(long bytes) {
        int missing = missingFor(bytes);
        if (missing > MAX_SLABS - slabCount - spare.size()) {
            return false;
        }
        spare.ensureCapacity(spare.size() + missing);
        for (int i = 0; i < missing; i++) {
            Slab slab = pool.tryTake(Use.MEMTABLE);
            if (slab == null) {
                return false;
            }
            heldBytes += slab.capacity();
            spare.add(slab);
        }
        return true;
    }

    /** How many more slabs small records of this total length need; at most the number of slabs that an arena can have. */
    private int missingFor(long bytes) {
        if (bytes <= end - position) {
            return 0;
        }
        long needed = (bytes + SURE_BYTES - 1) / SURE_BYTES;
        return (int) Math.max(0, Math.min(MAX_SLABS, needed - spare.size()));
    }

    /** Slabs that are left of an earlier reservation are used where they fit, and given back where they do not. */
    private boolean reserveLarge(int[] lengths, int count) {
        if (slabCount + spare.size() + count > MAX_SLABS) {
            return false;
        }
        ArrayList<Slab> kept = new ArrayList<>(count);
        spareLarge.ensureCapacity(spareLarge.size() + count);
        try {
            for (int i = 0; i < count; i++) {
                Slab slab = takeSpareLarge(lengths[i], lengths[i] * 2L);
                slab = slab == null ? takeLarge(lengths[i]) : slab;
                if (slab == null) {
                    return false;
                }
                kept.add(slab);
            }
            giveBackAll(spareLarge);
        } finally {
            spareLarge.addAll(kept);
        }
        return true;
    }

    private Slab takeLarge(int bytes) {
        if (slabCount == MAX_SLABS) {
            return null;
        }
        Slab slab = pool.tryTakeLarge(Use.MEMTABLE, SlabPool.wholePages(bytes));
        heldBytes += slab == null ? 0 : slab.capacity();
        return slab;
    }

    /** The shortest spare slab from {@code bytes} to {@code most} bytes, or null. */
    private Slab takeSpareLarge(int bytes, long most) {
        int best = -1;
        for (int i = 0; i < spareLarge.size(); i++) {
            int capacity = spareLarge.get(i).capacity();
            boolean fits = capacity >= bytes && capacity <= most;
            if (fits && (best < 0 || capacity < spareLarge.get(best).capacity())) {
                best = i;
            }
        }
        return best < 0 ? null : spareLarge.remove(best);
    }

    /** The ref of {@code bytes} fresh bytes (a multiple of 8, any content); 0 when nothing is reserved and the pool refuses. */
    int allocate(int bytes) {
        if (bytes > LARGE) {
            return allocateLarge(bytes);
        }
        int at = position;
        promised -= bytes;
        if (bytes > end - at && !nextSlab()) {
            return 0;
        }
        at = position;
        position = at + bytes;
        allocatedBytes += bytes;
        return currentBase | at >>> 3;
    }

    /**
     * As {@link #allocate}, but leaves the reservation as it is and never throws. For records that need not be allocated, or
     * that could be shorter.
     */
    int allocateOptional(int bytes) {
        if (bytes > LARGE) {
            return fitsBesidePromised(bytes) || reserveOptional(SlabPool.wholePages(bytes), spareLarge)
                    ? allocateLarge(bytes)
                    : 0;
        }
        long before = promised;
        for (int missing = missingFor(bytes + Math.max(before, 0)); missing > 0; missing--) {
            if (!reserveOptional(SLAB_BYTES, spare)) {
                return 0;
            }
        }
        int ref = allocate(bytes);
        promised = before;
        return ref;
    }

    /** Adds a slab to those of the reservation; false when the memory is not granted, for whatever reason. */
    private boolean reserveOptional(int bytes, ArrayList<Slab> to) {
        int count = slabCount + spare.size() + spareLarge.size() + 1;
        if (count > MAX_SLABS) {
            return false;
        }
        try {
            growTo(count);
            to.ensureCapacity(to.size() + 1);
        } catch (OutOfMemoryError e) {
            // The record stays short, or is left out. An allocation that is not optional reports the error.
            return false;
        }
        Slab slab = pool.tryTakeOptional(Use.MEMTABLE, bytes);
        if (slab == null) {
            return false;
        }
        heldBytes += slab.capacity();
        to.add(slab);
        return true;
    }

    private boolean fitsBesidePromised(int bytes) {
        return bytes <= end - position - Math.max(promised, 0);
    }

    private int allocateLarge(int bytes) {
        if (fitsBesidePromised(bytes)) {
            int at = position;
            position = at + bytes;
            allocatedBytes += bytes;
            return currentBase | at >>> 3;
        }
        Slab reserved = takeSpareLarge(bytes, Long.MAX_VALUE);
        return ownSlab(reserved == null ? takeLarge(bytes) : reserved, bytes);
    }

    private int ownSlab(Slab slab, int bytes) {
        if (slab == null) {
            return 0;
        }
        allocatedBytes += bytes;
        return register(slab);
    }

    private boolean nextSlab() {
        if (slabCount == MAX_SLABS) {
            return false;
        }
        Slab slab;
        if (spare.isEmpty()) {
            slab = pool.tryTake(Use.MEMTABLE);
            if (slab == null) {
                return false;
            }
            heldBytes += slab.capacity();
        } else {
            slab = spare.remove(spare.size() - 1);
        }
        currentBase = register(slab);
        position = 0;
        end = slab.capacity();
        return true;
    }

    /** The ref of the start of the slab, which is in use from here on. */
    private int register(Slab slab) {
        growTo(slabCount + 1);
        slabs[slabCount] = slab;
        return slabCount++ << REF_SHIFT;
    }

    private void growTo(int count) {
        if (count > slabs.length) {
            slabs = Arrays.copyOf(slabs, count * 2);
        }
    }

    private void giveBackAll(List<Slab> unused) {
        while (!unused.isEmpty()) {
            giveBack(unused.remove(unused.size() - 1)); // in this order: no slab is given back twice
        }
    }

    private void giveBack(Slab slab) {
        heldBytes -= slab.capacity();
        pool.give(Use.MEMTABLE, slab);
    }

    /** Gives every slab back; the arena must not be used any more. */
    void close() {
        for (int i = 1; i < slabCount; i++) {
            giveBack(slabs[i]);
        }
        unreserve();
        slabs = new Slab[0];
    }
}
