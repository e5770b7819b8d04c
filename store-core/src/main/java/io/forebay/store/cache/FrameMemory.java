package io.forebay.store.cache;

import io.forebay.store.SlabAllocator;
import io.forebay.store.util.Slab;
import io.forebay.store.util.SlabPlace;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * The memory behind the locations in a {@link BlockWord}. The tables have one entry for each part of a region, so that a hit
 * finds them in the caches of the processor, and the word of the block is all that it has to wait for:
 *
 * <pre>
 *   slab in a region          number of the part (16 bits) | unit in it (13 bits)     parts[number]
 *   any other slab or buffer  number of the slab (22 bits) | unit in it  (7 bits)     own[number]
 * </pre>
 *
 * The others are slabs of an allocator of a host, slabs that lie across the bounds of slabs, and buffers of single blocks. Either
 * way 256 GiB can be told apart; beyond that the cache takes no more memory.
 *
 * <p>The lock of the cache guards all changes. Threads read without it: the entries of a location are written before the word
 * with that location is, and are not changed while a block there is pinned.
 */
final class FrameMemory {
    private static final int UNIT_SHIFT = 9;
    private static final int PART_SHIFT = Integer.numberOfTrailingZeros(SlabPlace.PART_BYTES) - UNIT_SHIFT;
    private static final int SLAB_SHIFT = Integer.numberOfTrailingZeros(SlabAllocator.SLAB_BYTES) - UNIT_SHIFT;
    private static final int PART_UNITS = (1 << PART_SHIFT) - 1;
    private static final int SLAB_UNITS = (1 << SLAB_SHIFT) - 1;
    private static final int SLABS_OF_PART = 1 << (PART_SHIFT - SLAB_SHIFT);

    // Racy: see above
    private Slab[] parts = new Slab[4];
    private CacheSlab[][] slabsOfPart = new CacheSlab[4][];
    private Slab[] own = new Slab[4];
    private CacheSlab[] ownSlab = new CacheSlab[4];

    // Guarded by BlockCache
    private final Numbers partNumbers = new Numbers(1 << (BlockWord.LOCATION_BITS - PART_SHIFT));
    private final Numbers ownNumbers = new Numbers(1 << (BlockWord.LOCATION_BITS - SLAB_SHIFT));
    private final Map<Slab, Part> known = new IdentityHashMap<>();

    /** A part of a region with slabs of the cache. */
    private static final class Part {
        final int number;
        int slabs;

        Part(int number) {
            this.number = number;
        }
    }

    /** The memory with a block; not for the handle 0. */
    Slab slab(long word) {
        int location = BlockWord.location(word);
        return BlockWord.isOwn(word) ? own[location >>> SLAB_SHIFT] : parts[location >>> PART_SHIFT];
    }

    /** Where a block starts in its {@link #slab}; 0 for the handle 0. */
    static int offset(long word) {
        return (BlockWord.location(word) & (BlockWord.isOwn(word) ? SLAB_UNITS : PART_UNITS)) << UNIT_SHIFT;
    }

    /** Length of a block in bytes; not for the handle 0. */
    int length(long word) {
        int length = BlockWord.length(word);
        return length != 0 ? length : home(word).longLength;
    }

    /** The slab with the frame of a block; null when there is no block at its location. */
    CacheSlab home(long word) {
        int location = BlockWord.location(word);
        if (BlockWord.isOwn(word)) {
            return ownSlab[location >>> SLAB_SHIFT];
        }
        CacheSlab[] slabs = slabsOfPart[location >>> PART_SHIFT];
        return slabs == null ? null : slabs[(location & PART_UNITS) >>> SLAB_SHIFT];
    }

    /** The number of a frame with so many bytes in its slab. */
    static int frame(long word, int frameBytes) {
        return ((BlockWord.location(word) & SLAB_UNITS) << UNIT_SHIFT) / frameBytes;
    }

    static int units(int bytes) {
        return bytes >>> UNIT_SHIFT;
    }

    /**
     * Gives a slab locations.
     *
     * @param place null for a slab in no region
     * @return false when there are no more
     */
    boolean add(CacheSlab slab, SlabPlace place) {
        return place == null ? addOwn(slab) : addToPart(slab, place);
    }

    private boolean addOwn(CacheSlab slab) {
        int number = ownNumbers.next();
        if (number < 0) {
            return false;
        }
        if (number >= own.length) {
            Slab[] moreOwn = Arrays.copyOf(own, 2 * own.length);
            ownSlab = Arrays.copyOf(ownSlab, 2 * own.length);
            own = moreOwn;
        }
        ownNumbers.take();
        own[number] = slab.slab;
        ownSlab[number] = slab;
        slab.place = BlockWord.place(true, number << SLAB_SHIFT);
        return true;
    }

    private boolean addToPart(CacheSlab slab, SlabPlace place) {
        Part part = known.get(place.part());
        if (part == null) {
            part = addPart(place.part());
            if (part == null) {
                return false;
            }
        }
        part.slabs++;
        slab.place = BlockWord.place(false, (part.number << PART_SHIFT) + units(place.offset()));
        slabsOfPart[part.number][place.offset() / SlabAllocator.SLAB_BYTES] = slab;
        return true;
    }

    /** @return null when there are no more numbers */
    private Part addPart(Slab memory) {
        int number = partNumbers.next();
        if (number < 0) {
            return null;
        }
        if (number >= parts.length) {
            Slab[] moreParts = Arrays.copyOf(parts, 2 * parts.length);
            slabsOfPart = Arrays.copyOf(slabsOfPart, 2 * parts.length);
            parts = moreParts;
        }
        CacheSlab[] slabs = new CacheSlab[SLABS_OF_PART];
        Part part = new Part(number);
        known.put(memory, part);
        partNumbers.take();
        parts[number] = memory;
        slabsOfPart[number] = slabs;
        return part;
    }

    /** Takes the locations of a slab back, which has no block any more. A region without slabs of the cache may be collected. */
    void remove(CacheSlab slab) {
        int location = BlockWord.location(slab.place);
        if (BlockWord.isOwn(slab.place)) {
            int number = location >>> SLAB_SHIFT;
            own[number] = null;
            ownSlab[number] = null;
            ownNumbers.give(number);
            return;
        }
        int number = location >>> PART_SHIFT;
        slabsOfPart[number][(location & PART_UNITS) >>> SLAB_SHIFT] = null;
        Part part = known.get(parts[number]);
        if (--part.slabs == 0) {
            known.remove(parts[number]);
            parts[number] = null;
            slabsOfPart[number] = null;
            partNumbers.give(number);
        }
    }

    /** Numbers from 0, of which those that were given back are taken first. */
    private static final class Numbers {
        private final int most;
        private int[] returned = new int[4];
        private int returnedCount;
        private int fresh;

        Numbers(int most) {
            this.most = most;
        }

        /** The number that {@link #take} takes; -1 when there is none. After this call, taking it and giving it back allocate nothing. */
        int next() {
            if (fresh == returned.length) {
                returned = Arrays.copyOf(returned, 2 * fresh);
            }
            return returnedCount > 0 ? returned[returnedCount - 1] : fresh < most ? fresh : -1;
        }

        void take() {
            if (returnedCount > 0) {
                returnedCount--;
            } else {
                fresh++;
            }
        }

        void give(int number) {
            returned[returnedCount++] = number;
        }
    }
}
