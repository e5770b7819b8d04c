package io.forebay.store.key;

import io.forebay.store.ValueBuffer;
import io.forebay.store.util.Slab;
import java.util.ArrayList;
import java.util.List;

/**
 * The progress of one point read through its sources, newest first. A source first reports the range delete that covers the key
 * ({@link #coveredBy}), then its versions, newest first, until {@link #offer} says that the read is settled. Used by one
 * thread; each {@link #start} starts another read. {@link #end} drops the references to keys and values.
 */
public final class PointLookup {
    /** No reference to a value is longer. */
    public static final int MAX_REFERENCE_BYTES = 20;

    /** The capacity of a longer list of operands is not kept for the next read. */
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
    private final byte[] reference = new byte[MAX_REFERENCE_BYTES];
    /** -1 when the source has offered none; it may be more than the array has. */
    private int referenceLength = -1;

    /**
     * Starts a read of the newest state at or below sequence number {@code limit}. A value that is found is copied to
     * {@code into}.
     */
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
        this.referenceLength = -1;
        operands.clear();
    }

    /** Drops the references to the key, the values, and the target. Allocates nothing. */
    public void end() {
        if (key == null) {
            return; // the read did not need this lookup
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

    /** Notes a range delete over the key at {@code sequence} (-1 for none), which hides older versions. */
    public void coveredBy(long sequence) {
        tombstone = Math.max(tombstone, sequence);
    }

    /** True when a range delete covers the key, so that the read need not ask sources that have only older entries. */
    public boolean isCovered() {
        return tombstone >= 0;
    }

    /**
     * Where a source copies a value, if it must copy before it knows that the value is whole; then it calls
     * {@link #offerTarget}.
     */
    public ValueBuffer target() {
        return target;
    }

    /**
     * Takes the next older version. The source skips versions above {@link #limit()}.
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

    /**
     * As {@link #offer}, for the reference to a plain value. The source then reads the value to {@link #target()}, and calls
     * {@link #takeReferenced}; it need not do so in the place where the reference lies, which is copied.
     */
    public boolean offerReference(long sequence, Slab slab, int at, int bytes) {
        if (sequence >= tombstone) {
            referenceLength = bytes;
            slab.get(at, reference, 0, Math.min(bytes, reference.length));
        }
        return true;
    }

    /** Bytes of the reference that the source has to follow; -1 for none. */
    public int referenceLength() {
        return referenceLength;
    }

    /** The reference, or the first bytes of one that is too long to be one. */
    public byte[] reference() {
        return reference;
    }

    /** The value of the reference is in {@link #target()}. */
    public void takeReferenced() {
        referenceLength = -1;
        if (!operands.isEmpty()) {
            operands.add(target.toByteArray());
        }
        hasBase = true;
    }

    /** As {@link #offer}, for a value that the source has copied to {@link #target()}. */
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

    /** As {@link #offer}, for a plain value or operand that the source has copied to an array, which this lookup keeps. */
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

    /**
     * The values to merge, newest first (the last is the base if there was one); empty when {@link #target()} has the result.
     */
    public List<byte[]> operandsNewestFirst() {
        return operands;
    }
}
