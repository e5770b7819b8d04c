package io.forebay.store.memtable;

import io.forebay.store.WriteBatch;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.rangedel.FragmentTree;
import java.util.Arrays;

/**
 * The most memory that operations need in a memtable, whether their keys are new or not. Valid as long as the batch is not
 * changed. Used by one thread.
 */
public final class RoomPlan implements WriteBatch.Handler {
    /** Null for a single operation. */
    private final WriteBatch batch;
    /** Counted at the first call of {@link #hashCounts()}. */
    private HashCounts hashCounts;

    private int keys;
    private int ranges;
    /** The range delete is applied where others can be flushed away before it. */
    private boolean rangeAlone;

    private long rangeKeyBytes;
    private long smallBytes;
    private int[] largeLengths = new int[2];
    private int largeCount;

    private RoomPlan(WriteBatch batch) {
        this.batch = batch;
    }

    /** A plan for all operations of a batch, range deletes included. */
    public static RoomPlan of(WriteBatch batch) {
        RoomPlan plan = new RoomPlan(batch);
        batch.forEach(plan);
        return plan;
    }

    /** A plan for any one of the operations of a batch. */
    public static RoomPlan ofLargest(WriteBatch batch) {
        RoomPlan plan = new RoomPlan(null);
        int[] longest = {-1, 0, -1}; // key and value of the longest record, bounds of the longest range delete
        batch.forEach((kind, bytes, keyAt, keyLength, valueAt, valueLength) -> {
            int length = keyLength + Math.max(valueLength, 0);
            if (kind == WriteBatch.DELETE_RANGE) {
                longest[2] = Math.max(longest[2], length);
            } else if (longest[0] < 0 || length > longest[0] + longest[1]) {
                longest[0] = keyLength;
                longest[1] = valueLength;
            }
        });
        if (longest[0] >= 0) {
            plan.add(longest[0], longest[1]);
        }
        plan.ranges = longest[2] < 0 ? 0 : 1;
        plan.rangeAlone = true;
        plan.rangeKeyBytes = Math.max(0, longest[2]);
        return plan;
    }

    /** A plan for a put, delete or merge with these lengths. */
    static RoomPlan of(int keyLength, int valueLength) {
        RoomPlan plan = new RoomPlan(null);
        plan.add(keyLength, valueLength);
        return plan;
    }

    /** The bytes that an empty memtable takes from the pool to have room for a put, delete or merge with these lengths. */
    public static long bytes(int keyLength, int valueLength) {
        return of(keyLength, valueLength).bytes();
    }

    /** Length of a new key with its first version: more than a version of a known key takes. */
    static long recordBytes(int keyLength, int valueLength) {
        int prefix = keyLength > Records.INLINE_KEY_MAX ? Records.VERSION_PREFIX : 0;
        return Records.keyRecordBytes(keyLength) + prefix + slotBytes(valueLength);
    }

    private static long slotBytes(int valueLength) {
        return Records.slotBytes(Records.sizeClassFor(valueLength));
    }

    private void add(int keyLength, int valueLength) {
        keys++;
        long version = Records.VERSION_PREFIX + slotBytes(valueLength);
        if (keyLength > Records.INLINE_KEY_MAX) {
            addRecord(Records.keyRecordBytes(keyLength));
            addRecord(version);
        } else {
            long record = recordBytes(keyLength, valueLength);
            addRecord(record);
            // a version of a known key is shorter, so it may be a record that shares a slab
            if (record > Arena.LARGE && version <= Arena.LARGE) {
                smallBytes += version;
            }
        }
    }

    private void addRecord(long bytes) {
        if (bytes <= Arena.LARGE) {
            smallBytes += bytes;
            return;
        }
        if (largeCount == largeLengths.length) {
            largeLengths = Arrays.copyOf(largeLengths, largeCount * 2);
        }
        largeLengths[largeCount++] = (int) bytes;
    }

    @Override
    public void operation(byte kind, byte[] bytes, int keyAt, int keyLength, int valueAt, int valueLength) {
        if (kind == WriteBatch.DELETE_RANGE) {
            ranges++;
            rangeKeyBytes += keyLength + Math.max(valueLength, 0);
        } else {
            add(keyLength, valueLength);
        }
    }

    /**
     * The bytes that an empty memtable takes from the pool to have room for all operations. More than any budget when no amount
     * can be promised, as for thousands of operations on one key.
     */
    public long bytes() {
        long bytes = Arena.bytesFor(smallBytes) + HashIndex.bytesFor(this);
        for (int i = 0; i < largeCount; i++) {
            bytes += SlabPool.wholePages(largeLengths[i]);
        }
        return bytes + (ranges == 0 ? 0 : tombstoneBytes(FragmentTree.EMPTY));
    }

    /** What the range deletes of a memtable take with those of the plan. */
    long tombstoneBytes(FragmentTree present) {
        return rangeAlone
                ? present.bytes() + FragmentTree.bytesOfOne(rangeKeyBytes)
                : present.bytesAfter(ranges, rangeKeyBytes);
    }

    /** How the keys spread over the hash index. Only for the plan of a batch. */
    HashCounts hashCounts() {
        if (hashCounts == null) {
            hashCounts = HashCounts.of(batch);
        }
        return hashCounts;
    }

    /** The number of keys, each counted as a new one. */
    int keys() {
        return keys;
    }

    int ranges() {
        return ranges;
    }

    /** Bytes of all records that share slabs. */
    long smallBytes() {
        return smallBytes;
    }

    /** Lengths of the records that may need slabs of their own, in {@code [0, largeCount())}. */
    int[] largeLengths() {
        return largeLengths;
    }

    int largeCount() {
        return largeCount;
    }
}
