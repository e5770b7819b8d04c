package io.forebay.store.util;

import io.forebay.store.Environment;
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
 * The default memory of an environment: direct buffers, cut from regions of a few megabytes so that the JVM's bookkeeping
 * for direct memory is paid once a region and not once a slab, or of the length of a request that is longer. What comes back
 * is handed out again, in whatever lengths, before a new region is taken, so that the regions never exceed the most that
 * was outstanding by more than the gaps between what is out, and never the budget, with all that they cost.
 *
 * <p>A buffer costs whole pages of 4 KiB. When what is free lies in pieces that are too short, {@link #inTheWay} names what
 * to give back. Regions are kept until {@link #close}; only for a request longer than any of them, those of which nothing is
 * out are given up and the JVM is told to collect them. That happens as often as the longest request grows, and not every time.
 *
 * <p>Thread-safe.
 */
public final class DirectSlabAllocator implements SlabAllocator, AutoCloseable {
    private static final int SLAB = Environment.SLAB_BYTES;
    /** So many regions that can make room are compared. */
    private static final int SAMPLE = 8;

    private final long budget;
    private final RegionSource source;
    /** In the order of their length, so that slabs do not go to long ones while there are others. */
    private final List<DirectRegion> regions = new ArrayList<>();
    /** No region before this place has a free slab. */
    private int firstWithSlab;

    private int hand;
    private final Map<ByteBuffer, Place> places = new IdentityHashMap<>();
    private boolean closed;

    /** Where a buffer that is out lies. */
    private record Place(DirectRegion region, int page) {}

    /** @param budget the most that all regions may cost; small budgets get small regions */
    public DirectSlabAllocator(long budget) {
        this.budget = budget;
        source = new RegionSource(budget);
    }

    /** What of a budget may be outstanding: the rest is what regions cost beside their slabs. */
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

    /** Keeps nothing when the heap has no more memory. */
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

    /** Who holds parts of the region that a buffer lies in, which is out. */
    public synchronized HeldRegion holders(ByteBuffer buffer) {
        return places.get(buffer).region().holders;
    }

    /**
     * What has to be given back, so that {@code bytes} can be had.
     *
     * @param cost of giving a buffer back; negative when it stays. Called with the lock of the allocator held.
     * @return empty when too much stays
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
        // Where the budget has room, it is the JVM that refuses.
        return wholeRegions(room >= length ? length : length - room, cost);
    }

    /** What is out of regions that, given up, make room for {@code missing} bytes. */
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
        place = freePages(SLAB); // across the bounds of slabs
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
            // What others took the JVM does not give back, but what this one took it does.
            if (!giveUpIdle(source.room() + length)) {
                throw refused;
            }
            region = source.take((int) length);
        }
        add(region);
        return new Place(region, region.findPages(DirectRegion.pagesOf(bytes)));
    }

    /** Of the regions with a stretch of that length, the one whose longest is the shortest. */
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
     * Makes room for a region by giving up those of which nothing is out, if they are enough. Somebody may still refer to one
     * of them without using it, so that it is not collected: then others have to go.
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

    /** Leaves all memory to the JVM, that which is still out as it comes back. Idempotent. */
    @Override
    public synchronized void close() {
        closed = true;
        List.copyOf(regions).forEach(this::dropIfIdle);
    }

    /** What all regions cost. */
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
