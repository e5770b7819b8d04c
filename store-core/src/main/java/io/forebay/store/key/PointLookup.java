package io.forebay.store.key;

import io.forebay.store.ValueBuffer;
import io.forebay.store.util.Slab;
import java.util.ArrayList;
import java.util.List;

/**
 * The progress of one point read through its sources, newest first. A source first reports the range delete that covers
 * the key ({@link #coveredBy}), then its versions, newest first, until {@link #offer} says that the read is settled.
 * Reusable after {@link #start}; used by one thread. {@link #end} lets go of keys and values.
 */
public final class PointLookup {
    /** A longer list of operands is not kept for the next read. */
    private static final int KEPT_OPERANDS = 64;

    private final ArrayList<byte[]> operands = new ArrayList<>();
    private byte[] key;
    private int offset;
    private int length;
    private long hash;
    private long head;
    private long limit;
    private long tombstone;
    private boolean hasBase;
    private ValueBuffer target;

    /** Begins a read of the newest state not above sequence {@code limit}; a value found is copied to {@code into}. */
    public void start(byte[] key, int offset, int length, long hash, long limit, ValueBuffer into) {
        this.key = key;
        this.offset = offset;
        this.length = length;
        this.hash = hash;
        this.head = Slab.head(key, offset, length);
        this.limit = limit;
        this.target = into;
        this.tombstone = -1;
        this.hasBase = false;
        operands.clear();
    }

    /** Forgets the key, the values, and where they were put. Without an allocation. */
    public void end() {
        if (key == null) {
            return; // as of a read that was answered without a lookup
        }
        key = null;
        target = null;
        int size = operands.size();
        if (size > 0) {
            operands.clear();
            if (size > KEPT_OPERANDS) {
                operands.trimToSize();
            }
        }
    }

    public byte[] key() {
        return key;
    }

    public int offset() {
        return offset;
    }

    public int length() {
        return length;
    }

    /** {@link KeyHash} of the key: the same for memtables and filters. */
    public long hash() {
        return hash;
    }

    public long head() {
        return head;
    }

    public long limit() {
        return limit;
    }

    /** Notes a range delete over the key at {@code sequence} (-1 for none): older versions are gone. */
    public void coveredBy(long sequence) {
        tombstone = Math.max(tombstone, sequence);
    }

    /** True when some range delete covers the key, so that sources which hold only older entries need not be asked. */
    public boolean isCovered() {
        return tombstone >= 0;
    }

    /** Where a source that must copy a value before it knows that the copy is whole puts it; then {@link #offerTarget}. */
    public ValueBuffer target() {
        return target;
    }

    /**
     * Takes the next older version; versions above {@link #limit()} must have been skipped by the source.
     *
     * @return true when the read is settled and older versions do not matter
     */
    public boolean offer(byte kind, long sequence, Slab slab, int at, int valueLength) {
        if (sequence < tombstone || kind == ValueKind.DELETE) {
            return true;
        }
        if (kind == ValueKind.MERGE) {
            operands.add(slab.toByteArray(at, valueLength));
            return false;
        }
        if (operands.isEmpty()) {
            byte[] bytes = target.reset(valueLength);
            if (valueLength > 0) {
                slab.get(at, bytes, 0, valueLength);
            }
        } else {
            operands.add(valueLength == 0 ? new byte[0] : slab.toByteArray(at, valueLength));
        }
        hasBase = true;
        return true;
    }

    /** As {@link #offer}, of a value that lies in {@link #target()} already. */
    public boolean offerTarget(byte kind, long sequence) {
        if (sequence < tombstone || kind == ValueKind.DELETE) {
            return true;
        }
        if (kind == ValueKind.MERGE) {
            operands.add(target.toByteArray());
            return false;
        }
        if (!operands.isEmpty()) {
            operands.add(target.toByteArray());
        }
        hasBase = true;
        return true;
    }

    /** As {@link #offer}, of a plain value or operand that the source has copied for this lookup, which keeps the array. */
    public boolean offerCopy(byte kind, long sequence, byte[] value) {
        if (sequence < tombstone) {
            return true;
        }
        operands.add(value);
        hasBase = kind == ValueKind.PUT;
        return hasBase;
    }

    /** True when a plain value or an operand was found. */
    public boolean isFound() {
        return hasBase || !operands.isEmpty();
    }

    /** The values to merge, newest first (the last is the base if there was one); empty when {@link #target()} holds the result. */
    public List<byte[]> operandsNewestFirst() {
        return operands;
    }
}
