package io.forebay.store.memtable;

import io.forebay.store.StoreException;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.cache.SlabPool.Use;
import io.forebay.store.util.Slab;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.Arrays;

/**
 * Finds the key record of a key by its hash. This is extendible hashing: a segment is one slab, and a full segment is split in
 * two. So growth costs one more slab, and the time for the 8192 slots of a segment, at a time; the index as a whole is never
 * copied. It knows no order of keys (that is {@link OrderedIndex}) and no versions of them, and never removes a key.
 *
 * <pre>
 * slot    long  tag:32 ref:32, 0 when free; linear probing inside the segment
 * tag           upper half of the hash: its leading bits choose the segment, its trailing 13 bits the first slot
 *
 *  hash --leading bits--&gt; directory [0] --&gt; segment 0
 *                                   [1] --&gt; segment 1
 *                                   [2] --&gt; segment 2 --trailing bits of the tag--&gt; slot --ref--&gt; key record
 *                                   [3] --&gt; segment 2, until it is split
 * </pre>
 *
 * Threads: one writer; readers probe without a lock. A key that a reader finds is right in any case, because key records never
 * move. The answer "not found" is right only if no segment was split meanwhile: then {@link #stamp} was even before the search
 * and is the same after it.
 */
final class HashIndex {
    private static final int SLOTS = Arena.SLAB_BYTES / Long.BYTES;
    private static final int SLOT_MASK = SLOTS - 1;
    /** A segment with so many keys is split, if the pool has a slab for that. */
    private static final int SPLIT_AT = SLOTS / 4 * 3;
    /** A segment never has more keys than this. It has more than {@link #SPLIT_AT} when there was no memory for a split. */
    private static final int FULL_AT = SLOTS - SLOTS / 32;
    /** While the pool refuses, it is asked once for so many new keys of a segment. */
    private static final int ASK_AGAIN = 64;

    private static final int MAX_DEPTH = HashCounts.MAX_DEPTH;
    /** Bytes per key, as an estimate: between 1 / (3/4) and 1 / (3/8) slots. */
    static final int BYTES_PER_KEY = 14;

    /** A {@link #stamp} that no number of splits gives. */
    private static final int CUT_OFF = -1;

    private static final VarHandle STAMP;

    static {
        try {
            STAMP = MethodHandles.lookup().findVarHandle(HashIndex.class, "stamp", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final SlabPool pool;
    private final Arena arena;

    // Written by the writer, read with acquire
    private volatile HashDirectory directory;
    /** Odd while a segment is being split; {@link #CUT_OFF} when an error of the JVM has ended that. */
    private int stamp;

    // Writer only; the arrays are indexed by segment id
    private Slab[] segments = new Slab[4];
    private int[] counts = new int[4];
    private int[] depths = new int[4];
    private int largestCount;
    /** The first bits of the hashes in a segment, in the form of {@link HashCounts}. */
    private int[] prefixes = new int[4];
    /** The slot for the key that the last {@link #findOrPrepare} did not find, within the segment of the key. */
    private int freeSlot;

    // Racy: other threads read it for statistics, and may see an older value
    private int segmentCount;

    HashIndex(SlabPool pool, Arena arena) {
        this.pool = pool;
        this.arena = arena;
    }

    long heldBytes() {
        return segmentCount * (long) Arena.SLAB_BYTES;
    }

    /** The bytes that an empty index takes from the pool to have room for the keys. */
    static long bytesFor(RoomPlan plan) {
        return segments(plan) * (long) Arena.SLAB_BYTES;
    }

    /** The segments of an empty index that get the keys. */
    private static int segments(RoomPlan plan) {
        return plan.keys() <= FULL_AT ? 1 : plan.hashCounts().segments(0, 0, FULL_AT);
    }

    /** True when {@code keys} more keys fit for sure without another slab. */
    boolean hasRoom(int keys) {
        return largestCount + keys <= FULL_AT && segmentCount > 0;
    }

    /**
     * Makes sure that the keys can be added; false when the pool refuses, or when the hashes of too many keys start with the
     * same {@link HashCounts#MAX_DEPTH} bits.
     */
    boolean reserve(RoomPlan plan) {
        if (segmentCount == 0) {
            return startFor(plan);
        }
        if (hasRoom(plan.keys())) {
            return true;
        }
        if (plan.keys() == 1) {
            return reserveAnywhere();
        }
        int missing = splitsFor(plan.hashCounts());
        return missing < HashCounts.CROWDED - 1 && reserveFor(plan, missing, false);
    }

    /** All or nothing: an empty memtable that kept a segment could not be flushed to give it back. */
    private boolean startFor(RoomPlan plan) {
        int count = segments(plan);
        return count < HashCounts.CROWDED && reserveFor(plan, count, true);
    }

    private void start(Slab first) {
        HashDirectory onlyOne = HashDirectory.ofOne();
        Arrays.fill(onlyOne.segments, first);
        segmentCount = 1;
        segments[0] = first;
        directory = onlyOne;
    }

    /** Makes room for one key with any hash. */
    private boolean reserveAnywhere() {
        while (!hasRoom(1)) {
            int id = fullest();
            if (depths[id] == MAX_DEPTH || !splitInto(pool.tryTake(Use.MEMTABLE), id)) {
                return false;
            }
        }
        return true;
    }

    /**
     * Splits only segments that get too many of the keys, so that the memory grows with the number of keys. All slabs are taken
     * before the first split.
     *
     * @param slabs the slabs that are needed at least
     * @param starting whether the first slab becomes the first segment
     */
    private boolean reserveFor(RoomPlan plan, int slabs, boolean starting) {
        ArrayDeque<Slab> taken = new ArrayDeque<>(slabs + 1);
        try {
            for (int i = 0; i < slabs; i++) {
                Slab slab = pool.tryTake(Use.MEMTABLE);
                if (slab == null) {
                    return false;
                }
                taken.add(slab);
            }
            if (starting) {
                start(taken.poll());
            }
            return hasRoom(plan.keys()) || splitFor(plan.hashCounts(), taken);
        } finally {
            taken.forEach(slab -> pool.give(Use.MEMTABLE, slab));
        }
    }

    private boolean splitFor(HashCounts added, ArrayDeque<Slab> slabs) {
        for (int id = 0; id < segmentCount; id++) {
            while (counts[id] + added.count(prefixes[id], depths[id]) > FULL_AT) {
                // the keys that are in the index already may need more splits than were counted
                boolean isCounted = !slabs.isEmpty();
                if (depths[id] == MAX_DEPTH || !splitInto(isCounted ? slabs.poll() : pool.tryTake(Use.MEMTABLE), id)) {
                    return false;
                }
            }
        }
        return true;
    }

    /** The least number of splits that the keys need; exact for an empty index. */
    private int splitsFor(HashCounts added) {
        int splits = 0;
        for (int id = 0; id < segmentCount; id++) {
            int alone = added.segments(prefixes[id], depths[id], FULL_AT) - 1;
            boolean isFull = counts[id] + added.count(prefixes[id], depths[id]) > FULL_AT;
            splits = Math.min(HashCounts.CROWDED, splits + (isFull ? Math.max(1, alone) : alone));
        }
        return splits;
    }

    private int fullest() {
        int fullest = 0;
        for (int id = 1; id < segmentCount; id++) {
            fullest = counts[id] > counts[fullest] ? id : fullest;
        }
        return fullest;
    }

    /**
     * The key record of this key, 0 when there is none. Any thread.
     *
     * @throws StoreException when the key was not found and a split was cut off
     */
    int find(long hash, byte[] key, int offset, int length) {
        while (true) {
            int before = (int) STAMP.getAcquire(this);
            HashDirectory current = directory;
            if (current == null) {
                return 0;
            }
            Slab segment = current.segments[(int) (hash >>> current.shift)];
            int tag = (int) (hash >>> 32);
            int slot = tag & SLOT_MASK;
            for (long entry; (entry = segment.getLongAcquire(slot << 3)) != 0; slot = (slot + 1) & SLOT_MASK) {
                if ((int) (entry >>> 32) == tag && isKey((int) entry, key, offset, length)) {
                    return (int) entry;
                }
            }
            VarHandle.acquireFence();
            if ((before & 1) == 0 && before == (int) STAMP.getOpaque(this)) {
                return 0;
            }
            if (before == CUT_OFF) {
                throw new StoreException(
                        "The index of the memtable is damaged: the stack of the writer ended within a put."
                                + " Close the store and open it again.");
            }
            Thread.onSpinWait();
        }
    }

    /** As {@link #find}, for the writer, which may call {@link #add} next if there is no such key. */
    int findOrPrepare(long hash, byte[] key, int offset, int length) {
        HashDirectory current = directory;
        Slab segment = current.segments[(int) (hash >>> current.shift)];
        int tag = (int) (hash >>> 32);
        int slot = tag & SLOT_MASK;
        for (long entry; (entry = segment.getLong(slot << 3)) != 0; slot = (slot + 1) & SLOT_MASK) {
            if ((int) (entry >>> 32) == tag && isKey((int) entry, key, offset, length)) {
                return (int) entry;
            }
        }
        freeSlot = slot;
        return 0;
    }

    private boolean isKey(int ref, byte[] key, int offset, int length) {
        Slab slab = arena.slab(ref);
        int at = Arena.offset(ref);
        return slab.getInt(at + Records.KEY_LENGTH) == length
                && slab.compare(at + Records.KEY, length, key, offset, length) == 0;
    }

    /** Publishes the record of the key that the last {@link #findOrPrepare} did not find. */
    void add(long hash, int ref) {
        HashDirectory current = directory;
        int place = (int) (hash >>> current.shift);
        current.segments[place].putLongRelease(freeSlot << 3, hash & 0xFFFFFFFF_00000000L | ref & 0xFFFFFFFFL);
        int id = current.ids[place];
        int count = ++counts[id];
        if (count > largestCount) {
            largestCount = count;
        }
        if (count >= SPLIT_AT && (count - SPLIT_AT) % ASK_AGAIN == 0 && depths[id] < MAX_DEPTH) {
            splitIfPossible(id);
        }
    }

    /** Called when the key is in the index, so this must not fail. */
    private void splitIfPossible(int id) {
        try {
            splitInto(pool.tryTakeOptional(Use.MEMTABLE, Arena.SLAB_BYTES), id);
        } catch (OutOfMemoryError e) {
            // Nothing has changed, and the segment has room left. A write that needs the split reports the error.
        }
    }

    /** @param added null: there is none, the answer is false */
    private boolean splitInto(Slab added, int id) {
        if (added == null) {
            return false;
        }
        boolean prepared = false;
        try {
            HashDirectory next = directory;
            next = next.depth() == depths[id] ? next.doubled() : next;
            growTo(segmentCount + 1);
            prepared = true;
            split(id, added, next);
        } finally {
            if (!prepared) {
                pool.give(Use.MEMTABLE, added);
            }
        }
        return true;
    }

    private void growTo(int count) {
        if (count > segments.length) {
            int length = count * 2;
            Slab[] moreSegments = Arrays.copyOf(segments, length);
            int[] moreCounts = Arrays.copyOf(counts, length);
            int[] moreDepths = Arrays.copyOf(depths, length);
            prefixes = Arrays.copyOf(prefixes, length);
            segments = moreSegments;
            counts = moreCounts;
            depths = moreDepths;
        }
    }

    /** Allocates nothing, so it can fail at the end of the stack only. */
    private void split(int id, Slab added, HashDirectory next) {
        int addedId = segmentCount++;
        segments[addedId] = added;
        int before = stamp;
        boolean done = false;
        try {
            STAMP.setOpaque(this, before + 1);
            VarHandle.releaseFence();
            moveUpperHalf(id, addedId);
            next.giveUpperHalf(id, depths[id], addedId, added);
            directory = next;
            prefixes[addedId] = prefixes[id] | HashCounts.upperBit(depths[id]);
            depths[addedId] = ++depths[id];
            STAMP.setRelease(this, before + 2);
            done = true;
        } finally {
            if (!done) {
                stamp = CUT_OFF; // by no call, which would need stack
            }
        }
        largestCount = counts[fullest()];
    }

    /**
     * Rehashes a segment in place. Every entry is taken out and put into the first free slot of its probe sequence, which is
     * never after its old slot.
     */
    private void moveUpperHalf(int id, int addedId) {
        Slab segment = segments[id];
        Slab added = segments[addedId];
        int upperBit = 1 << (31 - depths[id]);
        int start = 0;
        while (segment.getLong(start << 3) != 0) {
            start++;
        }
        int moved = 0;
        for (int i = 1; i < SLOTS; i++) {
            int slot = (start + i) & SLOT_MASK;
            long entry = segment.getLong(slot << 3);
            if (entry != 0) {
                int tag = (int) (entry >>> 32);
                boolean upper = (tag & upperBit) != 0;
                segment.putLong(slot << 3, 0);
                Slab into = upper ? added : segment;
                int free = tag & SLOT_MASK;
                while (into.getLong(free << 3) != 0) {
                    free = (free + 1) & SLOT_MASK;
                }
                into.putLong(free << 3, entry);
                moved += upper ? 1 : 0;
            }
        }
        counts[id] -= moved;
        counts[addedId] = moved;
    }

    /** Gives every slab back; the index must not be used any more. */
    void close() {
        for (int id = 0; id < segmentCount; id++) {
            pool.give(Use.MEMTABLE, segments[id]);
        }
        segmentCount = 0;
        segments = new Slab[0]; // an object that still refers to this index must not keep the memory
        directory = null;
    }
}
