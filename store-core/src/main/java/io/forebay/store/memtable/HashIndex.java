package io.forebay.store.memtable;

import io.forebay.store.cache.SlabPool;
import io.forebay.store.cache.SlabPool.Use;
import io.forebay.store.util.Slab;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
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

    private static final int MAX_DEPTH = 16;
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
    private volatile Directory directory;
    /** Odd while a segment is being split. */
    private int stamp;

    // writer only, by segment id
    private Slab[] segments = new Slab[4];
    private int[] counts = new int[4];
    private int[] depths = new int[4];
    private int segmentCount;
    private int largestCount;
    /** Writer only: where in its segment the key of the last find would go. */
    private int freeSlot;

    private static final class Directory {
        final int shift;
        final Slab[] segments;
        final int[] ids;

        Directory(int shift, Slab[] segments, int[] ids) {
            this.shift = shift;
            this.segments = segments;
            this.ids = ids;
        }
    }

    HashIndex(SlabPool pool, Arena arena) {
        this.pool = pool;
        this.arena = arena;
    }

    long heldBytes() {
        return segmentCount * (long) Arena.SLAB_BYTES;
    }

    /** True when {@code keys} more keys fit for sure without another slab. */
    boolean hasRoom(int keys) {
        return largestCount + keys <= FULL_AT && segmentCount > 0;
    }

    /** Makes sure that so many keys can be added; false when the pool refuses or the keys cannot be told apart any more. */
    boolean reserve(int keys) {
        if (segmentCount == 0) {
            Slab first = pool.tryTake(Use.MEMTABLE);
            if (first == null) {
                return false;
            }
            segmentCount = 1;
            segments[0] = first;
            depths[0] = 0;
            directory = new Directory(63, new Slab[] {first, first}, new int[2]);
        }
        while (!hasRoom(keys)) {
            int id = fullest();
            if (depths[id] == MAX_DEPTH || keys > FULL_AT || !split(id)) {
                return false;
            }
        }
        return true;
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
            Directory current = directory;
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
        Directory current = directory;
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
        Directory current = directory;
        int place = (int) (hash >>> current.shift);
        current.segments[place].putLongRelease(freeSlot << 3, hash & 0xFFFFFFFF_00000000L | ref & 0xFFFFFFFFL);
        int id = current.ids[place];
        int count = ++counts[id];
        if (count > largestCount) {
            largestCount = count;
        }
        if (count >= SPLIT_AT && (count - SPLIT_AT) % ASK_AGAIN == 0 && depths[id] < MAX_DEPTH) {
            split(id);
        }
    }

    private boolean split(int id) {
        Slab added = pool.tryTake(Use.MEMTABLE);
        if (added == null) {
            return false;
        }
        int addedId = segmentCount;
        if (addedId == segments.length) {
            segments = Arrays.copyOf(segments, addedId * 2);
            counts = Arrays.copyOf(counts, addedId * 2);
            depths = Arrays.copyOf(depths, addedId * 2);
        }
        segments[addedId] = added;
        segmentCount++;
        int before = stamp;
        STAMP.setOpaque(this, before + 1);
        VarHandle.releaseFence();
        moveUpperHalf(id, addedId);
        repoint(id, addedId);
        depths[addedId] = ++depths[id];
        STAMP.setRelease(this, before + 2);
        largestCount = counts[fullest()];
        return true;
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

    private void repoint(int id, int addedId) {
        Directory current = directory;
        if (64 - current.shift == depths[id]) {
            int size = current.ids.length;
            Slab[] slabs = new Slab[size * 2];
            int[] ids = new int[size * 2];
            for (int i = 0; i < size * 2; i++) {
                slabs[i] = current.segments[i >>> 1];
                ids[i] = current.ids[i >>> 1];
            }
            current = new Directory(current.shift - 1, slabs, ids);
        }
        int upperBit = 1 << (64 - current.shift - 1 - depths[id]);
        for (int i = 0; i < current.ids.length; i++) {
            if (current.ids[i] == id && (i & upperBit) != 0) {
                current.ids[i] = addedId;
                current.segments[i] = segments[addedId];
            }
        }
        directory = current;
    }

    /** Gives every slab back; the index must not be used any more. */
    void close() {
        for (int id = 0; id < segmentCount; id++) {
            pool.give(Use.MEMTABLE, segments[id]);
        }
        segmentCount = 0;
        directory = null;
    }
}
