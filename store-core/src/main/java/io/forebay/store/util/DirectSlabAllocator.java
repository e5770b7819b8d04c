package io.forebay.store.util;

import io.forebay.store.MemoryBudgetException;
import io.forebay.store.SlabAllocator;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToIntFunction;

/**
 * The default memory of an environment: direct buffers, which are slices of regions. A region has a few megabytes, so that the
 * bookkeeping of the JVM for direct memory is paid once for each region and not for each slab; for a longer request it has the
 * length of the request. Memory that is given back is handed out again, in any lengths, before a new region is taken. So the
 * regions never exceed the most that was handed out at one time by more than the gaps between the buffers; and with all that
 * they cost, they never exceed the budget.
 *
 * <p>A buffer costs whole pages of 4 KiB. When the free memory lies in pieces that are too short, {@link #inTheWay} names the
 * buffers to give back. Regions are kept until {@link #close}. Only for a request that is longer than any of them, the regions
 * without a buffer that is handed out are given up, and the JVM is told to collect them. That happens only when the longest
 * request grows.
 *
 * <p>Thread-safe.
 */
public final class DirectSlabAllocator implements SlabAllocator, AutoCloseable {
    private static final int SLAB = SlabAllocator.SLAB_BYTES;
    /** At most so many regions that can make room are compared. */
    private static final int SAMPLE = 8;

    private final long budget;
    private final RegionSource source;
    /** In the order of their length, so that slabs are not taken from long regions while there are shorter ones. */
    private final List<DirectRegion> regions = new ArrayList<>();

    private final Map<ByteBuffer, Place> places = new IdentityHashMap<>();

    // Guarded by this
    private int hand;
    private boolean closed;
    /** No region before this index has a free slab. */
    private int firstWithSlab;

    /** The place of a buffer that is handed out. */
    private record Place(DirectRegion region, int page) {}

    /** @param budget the most bytes that all regions may cost; a small budget has small regions */
    public DirectSlabAllocator(long budget) {
        this.budget = budget;
        source = new RegionSource(budget);
    }

    /** The part of a budget that can be handed out. The rest is the cost of regions beside their slabs. */
    public static long usable(long budget) {
        int regionBytes = RegionSource.regionBytes(budget);
        long regions = (budget + regionBytes - 1) / regionBytes;
        return budget - regions * RegionSource.overhead();
    }

    @Override
    public ByteBuffer allocate(int bytes) {
        ByteBuffer buffer;
        synchronized (this) {
            if (closed) {
                throw new IllegalStateException("The memory of the environment is closed");
            }
            Place place = bytes == SLAB ? placeSlab() : placeOther(bytes);
            buffer = take(place, bytes);
            if (!place.region().markWritten(place.page(), bytes)) {
                return buffer;
            }
        }
        zero(buffer);
        return buffer;
    }

    /** Takes the buffer, or leaves everything as it was when there is no heap memory. */
    private ByteBuffer take(Place place, int bytes) {
        ByteBuffer buffer = place.region().take(place.page(), bytes);
        boolean noted = false;
        try {
            places.put(buffer, place);
            noted = true;
        } finally {
            if (!noted) {
                place.region().release(place.page());
            }
        }
        return buffer;
    }

    @Override
    public synchronized void release(ByteBuffer buffer) {
        Place place = places.remove(buffer);
        if (place == null) {
            throw new IllegalArgumentException("This buffer was not taken here, or was given back before");
        }
        place.region().release(place.page());
        if (closed) {
            dropIfIdle(place.region());
        } else {
            firstWithSlab = Math.min(firstWithSlab, place.region().index);
        }
    }

    /** The count of the holds in the region of a buffer, which must be handed out. */
    public synchronized HeldRegion holders(ByteBuffer buffer) {
        return places.get(buffer).region().holders;
    }

    /**
     * Where the slab of a buffer, which must be handed out, lies in its region; null when it lies across the bounds of slabs, or
     * is not as long as a slab.
     */
    public synchronized SlabPlace placeOf(ByteBuffer buffer) {
        Place place = places.get(buffer);
        return place.region().placeOf(place.page(), buffer.capacity());
    }

    /**
     * The buffers that must be given back, so that {@code bytes} in one piece are free.
     *
     * @param cost of giving a buffer back; negative when it cannot be given back. Called under the lock of the allocator
     * @return empty when too much cannot be given back
     */
    public synchronized List<ByteBuffer> inTheWay(int bytes, ToIntFunction<ByteBuffer> cost) {
        int pages = DirectRegion.pagesOf(bytes);
        DirectRegion.Obstacles best = null;
        int candidates = 0;
        for (int i = 0; i < regions.size() && candidates < SAMPLE; i++) {
            hand = hand + 1 < regions.size() ? hand + 1 : 0;
            DirectRegion region = regions.get(hand);
            DirectRegion.Obstacles found = region.bytes() < bytes ? null : region.cheapest(pages, cost);
            if (found != null) {
                candidates++;
                best = best == null || found.cost() < best.cost() ? found : best;
            }
        }
        if (best != null) {
            return best.buffers();
        }
        long length = regionFor(bytes);
        long room = source.room();
        // When the budget has room, the JVM has refused the memory.
        return wholeRegions(room >= length ? length : length - room, cost);
    }

    /** The buffers of regions that can be given up to make room for {@code missing} bytes. */
    private List<ByteBuffer> wholeRegions(long missing, ToIntFunction<ByteBuffer> cost) {
        record Candidate(DirectRegion region, DirectRegion.Obstacles obstacles) {}
        List<Candidate> candidates = new ArrayList<>();
        for (DirectRegion region : regions) {
            DirectRegion.Obstacles all = region.all(cost);
            if (all != null) {
                candidates.add(new Candidate(region, all));
            }
        }
        candidates.sort(Comparator.comparingDouble(candidate ->
                (double) candidate.obstacles().cost() / candidate.region().bytes()));
        List<ByteBuffer> buffers = new ArrayList<>();
        long made = 0;
        for (int i = 0; i < candidates.size() && made < missing; i++) {
            buffers.addAll(candidates.get(i).obstacles().buffers());
            made += candidates.get(i).region().bytes();
        }
        return made < missing ? List.of() : buffers;
    }

    private Place placeSlab() {
        Place place = freeSlab();
        if (place != null) {
            return place;
        }
        MemoryBudgetException refused = null;
        if (source.room() >= SLAB) {
            try {
                add(source.take(SLAB));
                return freeSlab();
            } catch (MemoryBudgetException e) {
                refused = e;
            }
        }
        place = freePages(SLAB); // may lie across the bounds of slabs
        if (place == null) {
            throw refused != null ? refused : new FragmentedMemoryException(SLAB, budget, false);
        }
        return place;
    }

    private Place freeSlab() {
        for (; firstWithSlab < regions.size(); firstWithSlab++) {
            DirectRegion region = regions.get(firstWithSlab);
            if (region.hasSlab()) {
                return new Place(region, region.findSlab());
            }
        }
        return null;
    }

    private Place placeOther(int bytes) {
        Place place = freePages(bytes);
        if (place != null) {
            return place;
        }
        long length = regionFor(bytes);
        if (source.room() < length && !giveUpIdle(length)) {
            throw new FragmentedMemoryException(bytes, budget, source.isUncollected());
        }
        DirectRegion region;
        try {
            region = source.take((int) length);
        } catch (MemoryBudgetException refused) {
            // The JVM cannot take memory from its other users, but it can free regions that this allocator gives up.
            if (!giveUpIdle(source.room() + length)) {
                throw refused;
            }
            region = source.take((int) length);
        }
        add(region);
        return new Place(region, region.findPages(DirectRegion.pagesOf(bytes)));
    }

    /** Free pages of the region whose longest stretch is the shortest that is long enough. */
    private Place freePages(int bytes) {
        int pages = DirectRegion.pagesOf(bytes);
        while (true) {
            DirectRegion best = null;
            for (DirectRegion region : regions) {
                if (region.longestFree() >= pages && (best == null || region.longestFree() < best.longestFree())) {
                    best = region;
                }
            }
            int page = best == null ? -1 : best.findPages(pages);
            if (best == null || page >= 0) {
                return best == null ? null : new Place(best, page);
            }
        }
    }

    private static long regionFor(int bytes) {
        return (bytes + (SLAB - 1L)) / SLAB * SLAB;
    }

    private void add(DirectRegion region) {
        int at = 0;
        while (at < regions.size() && regions.get(at).bytes() <= region.bytes()) {
            at++;
        }
        regions.add(at, region);
        renumber();
    }

    private void renumber() {
        for (int i = 0; i < regions.size(); i++) {
            regions.get(i).index = i;
        }
        firstWithSlab = 0;
    }

    /**
     * Makes room for a region by giving up regions without a buffer that is handed out, if they are enough. A region that some
     * object still refers to, without using it, is not collected: then other regions are given up.
     */
    private boolean giveUpIdle(long length) {
        if (!source.mayCollect()) {
            return false;
        }
        Set<DirectRegion> referred = new HashSet<>();
        while (dropIdle(length, referred)) {
            boolean enough = source.collect(length);
            List<DirectRegion> left = enough ? List.of() : source.takeBack();
            left.forEach(this::add);
            if (enough || !referred.addAll(left)) {
                return enough;
            }
        }
        return false;
    }

    private boolean dropIdle(long length, Set<DirectRegion> except) {
        long room = source.room();
        List<DirectRegion> idle = new ArrayList<>();
        for (DirectRegion region : regions) {
            if (region.isIdle() && room < length && !except.contains(region)) {
                idle.add(region);
                room += region.bytes();
            }
        }
        boolean enough = !idle.isEmpty() && room >= length;
        if (enough) {
            idle.forEach(this::drop);
        }
        return enough;
    }

    private void drop(DirectRegion region) {
        source.giveUp(region);
        regions.remove(region.index);
        renumber();
    }

    private void dropIfIdle(DirectRegion region) {
        if (region.isIdle()) {
            drop(region);
        }
    }

    /** Gives all memory to the JVM; memory that is still handed out when it comes back. Idempotent. */
    @Override
    public synchronized void close() {
        closed = true;
        List.copyOf(regions).forEach(this::dropIfIdle);
    }

    /** The bytes that all regions cost. */
    synchronized long takenBytes() {
        return source.takenBytes();
    }

    synchronized int regionCount() {
        return regions.size();
    }

    private static void zero(ByteBuffer buffer) {
        int bytes = buffer.capacity();
        for (int at = 0; at < bytes; at += SLAB) {
            zero(buffer, at, Math.min(bytes, at + SLAB));
        }
    }

    private static void zero(ByteBuffer buffer, int from, int end) {
        int at = from;
        for (; at <= end - Long.BYTES; at += Long.BYTES) {
            buffer.putLong(at, 0L);
        }
        for (; at < end; at++) {
            buffer.put(at, (byte) 0);
        }
    }
}
