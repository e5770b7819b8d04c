package io.forebay.store.util;

import io.forebay.store.SlabAllocator;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.ToIntFunction;

/**
 * One direct buffer, which is divided into buffers of whole pages. Slabs lie at multiples of their size and fill it from its
 * start, buffers of other lengths from its end, so that the two stay apart while there is room. All methods are called under
 * the lock of {@link DirectSlabAllocator}.
 */
final class DirectRegion {
    static final int PAGE = 4096;
    private static final int SLAB = SlabAllocator.SLAB_BYTES;
    private static final int SLAB_PAGES = SLAB / PAGE;

    final HeldRegion holders;
    private final ByteBuffer memory;
    private final int pages;
    private final BitSet used;
    /** Pages that may have other bytes than zeros. */
    private final BitSet written;

    private final byte[] usedInSlot;
    private final BitSet freeSlots;
    /**
     * The slabs that were handed out before. They are used again, so that there is less garbage and fewer identity hash codes.
     */
    private final ByteBuffer[] slabs;
    /** The parts of {@link SlabPlace}; null until they are asked for. */
    private final Slab[] parts;
    /** The buffers that are handed out, at the index of their first page. */
    private final ByteBuffer[] out;

    // Guarded by DirectSlabAllocator
    private int outCount;
    /** The index of this region in the list of regions. */
    int index;
    /** An upper bound for the length of a stretch of free pages. */
    private int longestFree;

    /**
     * @param memory page-aligned, a multiple of a slab
     * @param zeroed whether it has only zeros
     * @param holders counts the holds in this region
     */
    DirectRegion(ByteBuffer memory, boolean zeroed, HeldRegion holders) {
        this.memory = memory;
        this.holders = holders;
        pages = memory.capacity() / PAGE;
        used = new BitSet(pages);
        written = new BitSet(pages);
        written.set(0, zeroed ? 0 : pages);
        usedInSlot = new byte[pages / SLAB_PAGES];
        freeSlots = new BitSet(usedInSlot.length);
        freeSlots.set(0, usedInSlot.length);
        slabs = new ByteBuffer[usedInSlot.length];
        parts = new Slab[(memory.capacity() - 1) / SlabPlace.PART_BYTES + 1];
        out = new ByteBuffer[pages];
        longestFree = pages;
    }

    static int pagesOf(int bytes) {
        return (int) ((bytes + (PAGE - 1L)) / PAGE);
    }

    int bytes() {
        return memory.capacity();
    }

    boolean isIdle() {
        return outCount == 0;
    }

    boolean hasSlab() {
        return !freeSlots.isEmpty();
    }

    /** A request for more pages than this cannot succeed; a request for fewer pages may fail. */
    int longestFree() {
        return longestFree;
    }

    /** The first page of a free slab, or -1. */
    int findSlab() {
        int slot = freeSlots.nextSetBit(0);
        return slot < 0 ? -1 : slot * SLAB_PAGES;
    }

    /** The first of {@code count} free pages at the end of the shortest stretch that has so many, or -1. */
    int findPages(int count) {
        int best = -1;
        int shortest = Integer.MAX_VALUE;
        int longest = 0;
        for (int last = used.previousClearBit(pages - 1); last >= 0; ) {
            int before = used.previousSetBit(last);
            int length = last - before;
            longest = Math.max(longest, length);
            if (length >= count && length < shortest) {
                shortest = length;
                best = last - count + 1;
            }
            last = before < 0 ? -1 : used.previousClearBit(before);
        }
        longestFree = longest;
        return best;
    }

    /** Hands out pages, which must be free. {@link #markWritten} tells whether they are zero. */
    ByteBuffer take(int firstPage, int bytes) {
        int end = firstPage + pagesOf(bytes);
        boolean slab = bytes == SLAB && firstPage % SLAB_PAGES == 0;
        ByteBuffer buffer = slab ? slab(firstPage / SLAB_PAGES) : memory.slice(firstPage * PAGE, bytes);
        used.set(firstPage, end);
        count(firstPage, end, 1);
        out[firstPage] = buffer;
        outCount++;
        return buffer;
    }

    /** As {@link DirectSlabAllocator#placeOf}. */
    SlabPlace placeOf(int firstPage, int bytes) {
        if (bytes != SLAB || firstPage % SLAB_PAGES != 0) {
            return null;
        }
        int at = firstPage * PAGE;
        int part = at / SlabPlace.PART_BYTES;
        int from = part * SlabPlace.PART_BYTES;
        if (parts[part] == null) {
            parts[part] = new Slab(memory.slice(from, Math.min(SlabPlace.PART_BYTES, memory.capacity() - from)));
        }
        return new SlabPlace(parts[part], at - from);
    }

    private ByteBuffer slab(int slot) {
        if (slabs[slot] == null) {
            slabs[slot] = memory.slice(slot * SLAB, SLAB);
        }
        return slabs[slot].clear();
    }

    /** @return false when the pages were never handed out before, so that they are zero */
    boolean markWritten(int firstPage, int bytes) {
        int end = firstPage + pagesOf(bytes);
        int dirty = written.nextSetBit(firstPage);
        written.set(firstPage, end);
        return dirty >= 0 && dirty < end;
    }

    void release(int firstPage) {
        int end = firstPage + pagesOf(out[firstPage].capacity());
        out[firstPage] = null;
        outCount--;
        used.clear(firstPage, end);
        count(firstPage, end, -1);
        longestFree = Math.max(longestFree, endOfFree(end) - 1 - used.previousSetBit(firstPage));
    }

    private int endOfFree(int page) {
        int next = used.nextSetBit(page);
        return next < 0 ? pages : next;
    }

    private void count(int from, int end, int change) {
        for (int page = from; page < end; ) {
            int slot = page / SLAB_PAGES;
            int next = Math.min(end, (slot + 1) * SLAB_PAGES);
            usedInSlot[slot] += (byte) (change * (next - page));
            freeSlots.set(slot, usedInSlot[slot] == 0);
            page = next;
        }
    }

    /** Buffers whose release makes room for another one. */
    record Obstacles(long cost, List<ByteBuffer> buffers) {}

    /**
     * The buffers in the cheapest stretch of {@code count} pages.
     *
     * @param cost of a release of a buffer; negative when it cannot be released
     * @return null when every stretch has a buffer that cannot be released
     */
    Obstacles cheapest(int count, ToIntFunction<ByteBuffer> cost) {
        List<Stretch> stretches = stretches(cost);
        int bestFrom = -1;
        int bestTo = -1;
        long bestCost = Long.MAX_VALUE;
        long windowCost = 0;
        int windowPages = 0;
        int from = 0;
        for (int to = 0; to < stretches.size(); to++) {
            Stretch last = stretches.get(to);
            if (last.cost() < 0) {
                from = to + 1;
                windowCost = 0;
                windowPages = 0;
                continue;
            }
            windowCost += last.cost();
            windowPages += last.pages();
            while (windowPages - stretches.get(from).pages() >= count) {
                windowCost -= stretches.get(from).cost();
                windowPages -= stretches.get(from++).pages();
            }
            if (windowPages >= count && windowCost < bestCost) {
                bestCost = windowCost;
                bestFrom = from;
                bestTo = to;
            }
        }
        return bestFrom < 0 ? null : new Obstacles(bestCost, buffers(stretches.subList(bestFrom, bestTo + 1)));
    }

    /** As {@link #cheapest}, for the region as a whole. */
    Obstacles all(ToIntFunction<ByteBuffer> cost) {
        return cheapest(pages, cost);
    }

    /** A stretch of free pages, or the pages of one buffer. */
    private record Stretch(ByteBuffer buffer, int pages, int cost) {}

    private List<Stretch> stretches(ToIntFunction<ByteBuffer> cost) {
        List<Stretch> found = new ArrayList<>();
        for (int page = 0; page < pages; ) {
            ByteBuffer buffer = out[page];
            int length = buffer == null ? endOfFree(page) - page : pagesOf(buffer.capacity());
            found.add(new Stretch(buffer, length, buffer == null ? 0 : cost.applyAsInt(buffer)));
            page += length;
        }
        return found;
    }

    private static List<ByteBuffer> buffers(List<Stretch> stretches) {
        List<ByteBuffer> buffers = new ArrayList<>();
        for (Stretch stretch : stretches) {
            if (stretch.buffer() != null) {
                buffers.add(stretch.buffer());
            }
        }
        return buffers;
    }
}
