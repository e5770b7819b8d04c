package io.forebay.store.util;

import io.forebay.store.MemoryBudgetException;
import io.forebay.store.SlabAllocator;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Takes regions from the JVM, whose cost never exceeds the budget. A region that is given up costs the same until the JVM has
 * collected it: nothing else frees direct memory.
 *
 * <p>The JVM collects garbage and sleeps for half a second before it refuses a region. So after a refusal the JVM is not asked
 * for each of the following requests, but only for the second, the fourth and so on, unless it shows that it has the memory.
 *
 * <p>What the JVM has left when that is less than a region is for its other users, with one exception: a budget of which not
 * one region was given gets it. All methods are called under the lock of {@link DirectSlabAllocator}.
 */
final class RegionSource {
    private static final int SLAB = SlabAllocator.SLAB_BYTES;
    private static final int PAGE = DirectRegion.PAGE;
    private static final int MAX_REGION = 4 << 20;
    private static final int MOST_TURNS_REFUSED = 1024;
    private static final int COLLECTION_WAITS = 10;
    private static final long COLLECTION_WAIT_MILLIS = 100;

    /** What gives direct memory. */
    interface Jvm {
        /** @throws OutOfMemoryError after a garbage collection and a wait of half a second */
        ByteBuffer allocate(int bytes);

        /** The bytes that are free without a garbage collection; 0 when that is not known. */
        long freeBytes();
    }

    private static final Jvm THIS_JVM = new Jvm() {
        @Override
        public ByteBuffer allocate(int bytes) {
            return ByteBuffer.allocateDirect(bytes);
        }

        @Override
        public long freeBytes() {
            return DirectMemory.freeBytes();
        }
    };

    private final long budget;
    private final Jvm jvm;
    private final int regionBytes;
    private final AtomicLong heldBytes = new AtomicLong();
    /** The buffer of which each region is a slice. Every slice keeps it from being collected. */
    private final Map<DirectRegion, ByteBuffer> roots = new HashMap<>();

    private final Map<Reference<?>, Integer> givenUp = new HashMap<>();
    private final ReferenceQueue<ByteBuffer> collected = new ReferenceQueue<>();

    // Guarded by DirectSlabAllocator
    private long taken;
    private MemoryBudgetException refusal;
    private int turns = 1;
    private int collectionTurns = 1;
    /** How many requests are refused before the JVM is asked again. */
    private int turnsLeft;
    /** As {@link #turnsLeft}, for collections that freed too little. */
    private int collectionTurnsLeft;

    RegionSource(long budget) {
        this(budget, THIS_JVM);
    }

    RegionSource(long budget, Jvm jvm) {
        this.budget = budget;
        this.jvm = jvm;
        regionBytes = regionBytes(budget);
    }

    /** The length of a region; a small budget has small regions. */
    static int regionBytes(long budget) {
        long eighth = budget / 8 / SLAB * SLAB;
        return (int) Math.max(SLAB, Math.min(MAX_REGION, eighth));
    }

    /** The bytes that a region costs beside its memory. */
    static int overhead() {
        return PAGE;
    }

    /** The bytes that all regions cost, with those that are given up and not collected. */
    long takenBytes() {
        noteCollected();
        return taken;
    }

    /** The longest region that the budget has room for, 0 for none. */
    long room() {
        noteCollected();
        return Math.max(0, (budget - taken - PAGE) / SLAB * SLAB);
    }

    /**
     * Takes a region of at least {@code least} bytes, which must not be more than {@link #room}.
     *
     * @throws MemoryBudgetException when the JVM refuses the memory
     */
    DirectRegion take(int least) {
        int bytes = (int) Math.min(Math.max(regionBytes, least), room());
        ByteBuffer root = null;
        if (turnsLeft == 0 || jvm.freeBytes() >= bytes + PAGE) {
            root = ask(bytes);
            turnsLeft = root == null ? turns : 0;
            turns = root == null ? Math.min(MOST_TURNS_REFUSED, 2 * turns) : 1;
        } else {
            turnsLeft--;
        }
        if (root == null && taken < regionBytes) {
            root = shortRoot(least, bytes);
        }
        if (root == null) {
            throw refusal;
        }
        DirectRegion region = region(root, true);
        taken += root.capacity();
        return region;
    }

    /** What the JVM has left for a region shorter than {@code bytes}, or null. */
    private ByteBuffer shortRoot(int least, int bytes) {
        long left = (jvm.freeBytes() - PAGE) / SLAB * SLAB;
        return left < least ? null : ask((int) Math.min(left, bytes));
    }

    /** Null when the JVM refuses. */
    private ByteBuffer ask(int bytes) {
        try {
            return jvm.allocate(bytes + PAGE);
        } catch (OutOfMemoryError e) {
            refusal = new MemoryBudgetException(
                    "The JVM refuses " + (bytes + PAGE) + " bytes of direct memory beyond the " + taken
                            + " that it has given so far, which the memory budget of " + budget
                            + " allows. Raise -XX:MaxDirectMemorySize or lower the budget of the environment.",
                    e);
            return null;
        }
    }

    private DirectRegion region(ByteBuffer root, boolean zeroed) {
        // Page-aligned, so that a block in a slab touches no more pages and cache lines than necessary.
        ByteBuffer memory = root.alignedSlice(PAGE).slice(0, root.capacity() - PAGE);
        DirectRegion region = new DirectRegion(memory, zeroed, new HeldRegion(memory.capacity(), budget, heldBytes));
        roots.put(region, root);
        return region;
    }

    /**
     * Gives up a region. No buffer of it is in use, and the caller hands out none, unless {@link #takeBack} returns the region.
     */
    void giveUp(DirectRegion region) {
        ByteBuffer root = roots.get(region);
        givenUp.put(new WeakReference<>(root, collected), root.capacity());
        roots.remove(region);
    }

    /**
     * False for some requests after a collection that freed too little, because a collection stops the JVM, and
     * {@link #collect} waits for it.
     */
    boolean mayCollect() {
        if (collectionTurnsLeft > 0) {
            collectionTurnsLeft--;
            return false;
        }
        return true;
    }

    /** True when the last collection freed too little. */
    boolean isUncollected() {
        return collectionTurns > 1;
    }

    /**
     * Tells the JVM to collect the regions that were given up, and waits until there is {@link #room} for {@code bytes}.
     * @return false when there is no room in time
     */
    boolean collect(long bytes) {
        turnsLeft = 0;
        boolean interrupted = false;
        System.gc();
        for (int waits = 0; room() < bytes && waits < COLLECTION_WAITS && !givenUp.isEmpty(); ) {
            try {
                Reference<?> freed = collected.remove(COLLECTION_WAIT_MILLIS);
                waits += freed == null ? 1 : 0;
                noteCollected(freed);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        boolean enough = room() >= bytes;
        collectionTurnsLeft = enough ? 0 : collectionTurns - 1;
        collectionTurns = enough ? 1 : Math.min(MOST_TURNS_REFUSED, 2 * collectionTurns);
        return enough;
    }

    /**
     * Takes back the regions that were given up and that the JVM has not collected. It may be configured not to, by
     * {@code -XX:+DisableExplicitGC}.
     */
    List<DirectRegion> takeBack() {
        List<DirectRegion> regions = new ArrayList<>();
        for (Reference<?> reference : List.copyOf(givenUp.keySet())) {
            if (reference.get() instanceof ByteBuffer root) {
                regions.add(region(root, false));
                reference.clear();
                givenUp.remove(reference);
            }
        }
        return regions;
    }

    private void noteCollected() {
        for (Reference<?> freed; (freed = collected.poll()) != null; ) {
            noteCollected(freed);
        }
    }

    private void noteCollected(Reference<?> freed) {
        if (freed != null) {
            taken -= givenUp.remove(freed);
        }
    }
}
