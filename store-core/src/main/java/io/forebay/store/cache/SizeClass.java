package io.forebay.store.cache;

import java.util.ArrayList;

/**
 * The slabs of the cache that are divided into frames of one size, and the hand of CLOCK, which finds a victim among them. All
 * methods are called under the lock of the cache.
 */
final class SizeClass {
    /** So many frames are examined for a block that was not used recently. */
    private static final int IDLE_WALK = 32;

    private final int frameBytes;
    private final ArrayList<CacheSlab> slabs = new ArrayList<>();
    private final ArrayList<CacheSlab> partial = new ArrayList<>();

    // Guarded by BlockCache
    private int handSlab;
    private int handFrame;
    private int victimFrame;
    private int evictions;

    /** @param frameBytes bytes of a frame, or 0 for buffers of any size with one frame each */
    SizeClass(int frameBytes) {
        this.frameBytes = frameBytes;
    }

    int frameBytes() {
        return frameBytes;
    }

    boolean hasSlabs() {
        return !slabs.isEmpty();
    }

    /** After this call, {@link #add} and {@link #noteFree} allocate nothing for one slab more. */
    void reserveRoom() {
        slabs.ensureCapacity(slabs.size() + 1);
        partial.ensureCapacity(slabs.size() + 1);
    }

    void add(CacheSlab slab) {
        slab.indexInClass = slabs.size();
        slabs.add(slab);
        noteFree(slab);
    }

    void remove(CacheSlab slab) {
        CacheSlab last = slabs.remove(slabs.size() - 1);
        if (last != slab) {
            slabs.set(slab.indexInClass, last);
            last.indexInClass = slab.indexInClass;
        }
        slab.indexInClass = -1;
        dropPartial(slab);
    }

    /** Called after a frame of {@code slab} became free. */
    void noteFree(CacheSlab slab) {
        if (slab.hasFree() && slab.indexInPartial < 0) {
            slab.indexInPartial = partial.size();
            partial.add(slab);
        }
    }

    /** A slab with a free frame, or null. */
    CacheSlab withFree() {
        return partial.isEmpty() ? null : partial.get(partial.size() - 1);
    }

    /** As {@link CacheSlab#takeFrame}. */
    long takeFrame(CacheSlab slab, int length) {
        long frame = slab.takeFrame(length);
        if (!slab.hasFree()) {
            dropPartial(slab);
        }
        return frame;
    }

    private void dropPartial(CacheSlab slab) {
        if (slab.indexInPartial >= 0) {
            CacheSlab last = partial.remove(partial.size() - 1);
            if (last != slab) {
                partial.set(slab.indexInPartial, last);
                last.indexInPartial = slab.indexInPartial;
            }
            slab.indexInPartial = -1;
        }
    }

    /** Evictions of single blocks so far; wraps around. */
    int countEviction() {
        return evictions++;
    }

    /**
     * Finds the next block that is not pinned and was not found in the cache since the hand last passed it (CLOCK).
     *
     * @return its slab; {@link #victimFrame} is its frame. Null when there was none in two turns
     */
    CacheSlab nextVictim() {
        if (slabs.isEmpty()) {
            return null;
        }
        long steps = 2L * slabs.size() * slabs.get(0).frames() + 1;
        for (long i = 0; i < steps; i++) {
            CacheSlab slab = moveHand();
            if (slab.isVictim(victimFrame)) {
                return slab;
            }
        }
        return null;
    }

    /**
     * As {@link #nextVictim}, among the next few blocks and without making any of them cold: null when all of these were found
     * since the hand passed them.
     */
    CacheSlab nextIdle() {
        for (int i = 0; i < IDLE_WALK && !slabs.isEmpty(); i++) {
            CacheSlab slab = moveHand();
            if (slab.isIdle(victimFrame)) {
                return slab;
            }
        }
        return null;
    }

    /** @return the slab with the frame at the hand, which is {@link #victimFrame} now */
    private CacheSlab moveHand() {
        if (handSlab >= slabs.size()) {
            handSlab = 0;
        }
        CacheSlab slab = slabs.get(handSlab);
        victimFrame = handFrame;
        if (++handFrame == slab.frames()) {
            handFrame = 0;
            handSlab++;
        }
        return slab;
    }

    /** The frame at which {@link #nextVictim} or {@link #nextIdle} ended. */
    int victimFrame() {
        return victimFrame;
    }
}
