package io.forebay.store.memtable;

import io.forebay.store.WriteBatch;
import java.util.Arrays;

/** What operations need at most, whether their keys are new or not. */
final class RoomPlan implements WriteBatch.Handler {
    private int keys;
    private int ranges;
    private long rangeKeyBytes;
    private long smallBytes;
    private int[] largeLengths = new int[2];
    private int largeCount;

    /** Length of a new key with its first version: more than what a version of a known key takes. */
    static long recordBytes(int keyLength, int valueLength) {
        return Records.keyRecordBytes(keyLength) + slotBytes(valueLength);
    }

    private static long slotBytes(int valueLength) {
        return Records.slotBytes(Records.sizeClassFor(valueLength));
    }

    RoomPlan add(int keyLength, int valueLength) {
        keys++;
        long version = Records.VERSION_PREFIX + slotBytes(valueLength);
        if (keyLength > Records.INLINE_KEY_MAX) {
            addRecord(Records.keyRecordBytes(keyLength));
            addRecord(version);
        } else {
            long record = recordBytes(keyLength, valueLength);
            addRecord(record);
            // a version of a known key is shorter, so it may be one of those that share slabs
            if (record > Arena.LARGE && version <= Arena.LARGE) {
                smallBytes += version;
            }
        }
        return this;
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

    RoomPlan addAll(WriteBatch batch) {
        batch.forEach(this);
        return this;
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

    /** New keys. */
    int keys() {
        return keys;
    }

    int ranges() {
        return ranges;
    }

    long rangeKeyBytes() {
        return rangeKeyBytes;
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
