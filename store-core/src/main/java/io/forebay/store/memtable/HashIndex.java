package io.forebay.store.memtable;

import io.forebay.store.cache.SlabPool;
import io.forebay.store.cache.SlabPool.Use;
import io.forebay.store.util.Slab;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.Arrays;

/**
 * From the hash of a key to its key record: extendible hashing, with one slab as the segment that grows by splitting, so
 * that growth costs one more slab and the time for 8192 slots at a time, never a second table.
 *
 * <pre>
 * slot    long  tag:32 ref:32, 0 when free; linear probing inside the segment
 * tag           upper half of the hash: its leading bits choose the segment, its trailing 13 bits the first slot
 * </pre>
 *
 * One writer. Readers probe without a lock. What they find is right in any case, because key records never move; that they
 * found nothing is right only if no segment was split meanwhile, which {@link #stamp} tells.
 */
final class HashIndex {
    private static final int SLOTS = Arena.SLAB_BYTES / Long.BYTES;
    private static final int SLOT_MASK = SLOTS - 1;
    /** A segment is split when it has so many keys and the pool has a slab. */
    private static final int SPLIT_AT = SLOTS / 4 * 3;
    /** A segment never has more keys; without memory it may get so far. */
    private static final int FULL_AT = SLOTS - SLOTS / 32;
    /** While the pool refuses, it is asked once per so many new keys of a segment. */
    private static final int ASK_AGAIN = 64;

    private static final int MAX_DEPTH = HashCounts.MAX_DEPTH;
    /** Bytes per key, as an estimate: between 1 / (3/4) and 1 / (3/8) slots. */
    static final int BYTES_PER_KEY = 14;

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
    private volatile HashDirectory directory;
    /** Odd while a segment is being split. */
    private int stamp;

    // writer only, by segment id
    private Slab[] segments = new Slab[4];
    private int[] counts = new int[4];
    private int[] depths = new int[4];
    /** The first bits of the hashes in a segment, as {@link HashCounts} has them. */
    private int[] prefixes = new int[4];

    private int segmentCount;
    private int largestCount;
    /** Writer only: where in its segment the key of the last find would go. */
    private int freeSlot;

    HashIndex(SlabPool pool, Arena arena) {
        this.pool = pool;
        this.arena = arena;
    }

    long heldBytes() {
        return segmentCount * (long) Arena.SLAB_BYTES;
    }

    /** What an index takes that was empty and has room for the keys. */
    static long bytesFor(RoomPlan plan) {
        int segments = plan.keys() <= FULL_AT ? 1 : plan.hashCounts().segments(0, 0, FULL_AT);
        return segments * (long) Arena.SLAB_BYTES;
    }

    /** True when {@code keys} more keys fit for sure without another slab. */
    boolean hasRoom(int keys) {
        return largestCount + keys <= FULL_AT && segmentCount > 0;
    }

    /** Makes sure that the keys can be added; false when the pool refuses or they cannot be told apart any more. */
    boolean reserve(RoomPlan plan) {
        if (segmentCount == 0 && !begin()) {
            return false;
        }
        if (hasRoom(plan.keys())) {
            return true;
        }
        return plan.keys() == 1 ? reserveAnywhere() : reserveFor(plan.hashCounts());
    }

    private boolean begin() {
        HashDirectory onlyOne = HashDirectory.ofOne();
        Slab first = pool.tryTake(Use.MEMTABLE);
        if (first == null) {
            return false;
        }
        Arrays.fill(onlyOne.segments, first);
        segmentCount = 1;
        segments[0] = first;
        directory = onlyOne;
        return true;
    }

    /** For one key, whatever its hash. */
    private boolean reserveAnywhere() {
        while (!hasRoom(1)) {
            int id = fullest();
            if (depths[id] == MAX_DEPTH || !splitInto(pool.tryTake(Use.MEMTABLE), id)) {
                return false;
            }
        }
        return true;
    }

    /** Splits only segments that get too many of the keys, so that the memory grows with the number of keys. */
    private boolean reserveFor(HashCounts added) {
        int missing = splitsFor(added);
        if (missing >= HashCounts.CROWDED - 1) {
            return false;
        }
        ArrayDeque<Slab> slabs = new ArrayDeque<>(missing + 1);
        try {
            // All of them first: an empty memtable would keep what it was split into, and could not be flushed.
            for (int i = 0; i < missing; i++) {
                Slab slab = pool.tryTake(Use.MEMTABLE);
                if (slab == null) {
                    return false;
                }
                slabs.add(slab);
            }
            for (int id = 0; id < segmentCount; id++) {
                while (counts[id] + added.count(prefixes[id], depths[id]) > FULL_AT) {
                    // the keys that are there may make it more splits than were counted
                    boolean isCounted = !slabs.isEmpty();
                    if (depths[id] == MAX_DEPTH
                            || !splitInto(isCounted ? slabs.poll() : pool.tryTake(Use.MEMTABLE), id)) {
                        return false;
                    }
                }
            }
            return true;
        } finally {
            slabs.forEach(slab -> pool.give(Use.MEMTABLE, slab));
        }
    }

    /** Splits that the keys need for sure; exact for an empty index. */
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

    /** The key record of this key, 0 when there is none. Any thread. */
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
            Thread.onSpinWait();
        }
    }

    /** As {@link #find}, by the writer, who may call {@link #add} next if there is no such key. */
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

    /** The key is in: nothing may fail any more. */
    private void splitIfPossible(int id) {
        try {
            splitInto(pool.tryTakeOptional(Use.MEMTABLE, Arena.SLAB_BYTES), id);
        } catch (OutOfMemoryError e) {
            // Nothing was changed, and the segment has room left. A write that needs the split reports this.
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

    /** Allocates nothing: were it to fail while the stamp is odd, readers would wait for ever. */
    private void split(int id, Slab added, HashDirectory next) {
        int addedId = segmentCount++;
        segments[addedId] = added;
        int before = stamp;
        STAMP.setOpaque(this, before + 1);
        VarHandle.releaseFence();
        moveUpperHalf(id, addedId);
        next.giveUpperHalf(id, depths[id], addedId, added);
        directory = next;
        prefixes[addedId] = prefixes[id] | HashCounts.upperBit(depths[id]);
        depths[addedId] = ++depths[id];
        STAMP.setRelease(this, before + 2);
        largestCount = counts[fullest()];
    }

    /** Rehashes a segment in place. Every entry is lifted and put where probing finds it now: never behind its old slot. */
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
        segments = new Slab[0]; // whoever still refers to this must not keep the memory from being collected
        directory = null;
    }
}
