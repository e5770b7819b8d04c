package io.forebay.store.util;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The type through which the engine accesses memory: a buffer on or off the heap in a final class, so that calls in hot loops
 * are monomorphic. All multi-byte values are big-endian. Indexes are absolute; the buffer checks bounds. Plain access gives no
 * ordering. The acquire and release variants need a 4- or 8-byte aligned index. The class has no locks: its users order their
 * accesses.
 */
public final class Slab {
    private static final VarHandle SHORT = MethodHandles.byteBufferViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle ARRAY_LONG =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    /** Copies have no byte order: in that of the machine no bytes are swapped. */
    private static final VarHandle COPIED_LONG =
            MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());

    private static final VarHandle ARRAY_COPIED_LONG =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

    /** Up to this length, copying longs is faster than a bulk copy. */
    private static final int MAX_BY_LONGS = 128;

    /**
     * False on newer JDKs, which refuse ordered access to heap buffers; there a plain access and a fence have the same effect.
     */
    private static final boolean ORDERED_ON_HEAP = isOrderedOnHeap();

    private final ByteBuffer buffer;
    private final boolean direct;

    /** Takes over {@code buffer}, which must have position 0 and limit = capacity. */
    public Slab(ByteBuffer buffer) {
        this.buffer = buffer.order(ByteOrder.BIG_ENDIAN);
        this.direct = buffer.isDirect();
    }

    private static boolean isOrderedOnHeap() {
        try {
            LONG.setRelease(ByteBuffer.allocate(Long.BYTES), 0, 1L);
            return true;
        } catch (IllegalStateException | UnsupportedOperationException e) {
            return false;
        }
    }

    public int capacity() {
        return buffer.capacity();
    }

    /** The whole buffer, to give it back to its allocator. The caller must not move its position. */
    public ByteBuffer buffer() {
        return buffer;
    }

    /** A view of {@code [offset, offset + length)} with its own position, for I/O. */
    public ByteBuffer slice(int offset, int length) {
        return buffer.slice(offset, length);
    }

    public byte getByte(int index) {
        return buffer.get(index);
    }

    public void putByte(int index, byte value) {
        buffer.put(index, value);
    }

    public int getShort(int index) {
        return (short) SHORT.get(buffer, index) & 0xFFFF;
    }

    public void putShort(int index, int value) {
        SHORT.set(buffer, index, (short) value);
    }

    public int getInt(int index) {
        return (int) INT.get(buffer, index);
    }

    public void putInt(int index, int value) {
        INT.set(buffer, index, value);
    }

    public long getLong(int index) {
        return (long) LONG.get(buffer, index);
    }

    public void putLong(int index, long value) {
        LONG.set(buffer, index, value);
    }

    public int getIntAcquire(int index) {
        if (ORDERED_ON_HEAP || direct) {
            return (int) INT.getAcquire(buffer, index);
        }
        int value = (int) INT.get(buffer, index);
        VarHandle.acquireFence();
        return value;
    }

    public void putIntRelease(int index, int value) {
        if (ORDERED_ON_HEAP || direct) {
            INT.setRelease(buffer, index, value);
        } else {
            VarHandle.releaseFence();
            INT.set(buffer, index, value);
        }
    }

    public long getLongAcquire(int index) {
        if (ORDERED_ON_HEAP || direct) {
            return (long) LONG.getAcquire(buffer, index);
        }
        long value = (long) LONG.get(buffer, index);
        VarHandle.acquireFence();
        return value;
    }

    public void putLongRelease(int index, long value) {
        if (ORDERED_ON_HEAP || direct) {
            LONG.setRelease(buffer, index, value);
        } else {
            VarHandle.releaseFence();
            LONG.set(buffer, index, value);
        }
    }

    public void get(int index, byte[] into, int offset, int length) {
        if (length < Long.BYTES || length > MAX_BY_LONGS) {
            buffer.get(index, into, offset, length);
            return;
        }
        int last = length - Long.BYTES;
        for (int at = 0; at < last; at += Long.BYTES) {
            ARRAY_COPIED_LONG.set(into, offset + at, (long) COPIED_LONG.get(buffer, index + at));
        }
        // The last eight bytes may overlap bytes that were copied.
        ARRAY_COPIED_LONG.set(into, offset + last, (long) COPIED_LONG.get(buffer, index + last));
    }

    public void put(int index, byte[] from, int offset, int length) {
        buffer.put(index, from, offset, length);
    }

    public void put(int index, Slab from, int fromIndex, int length) {
        buffer.put(index, from.buffer, fromIndex, length);
    }

    public byte[] toByteArray(int index, int length) {
        byte[] copy = new byte[length];
        get(index, copy, 0, length);
        return copy;
    }

    public void zero() {
        int at = 0;
        for (; at + 8 <= buffer.capacity(); at += 8) {
            LONG.set(buffer, at, 0L);
        }
        for (; at < buffer.capacity(); at++) {
            buffer.put(at, (byte) 0);
        }
    }

    /** Unsigned lexicographic comparison of {@code this[index, index + length)} with {@code key[offset, offset + keyLength)}. */
    public int compare(int index, int length, byte[] key, int offset, int keyLength) {
        int common = Math.min(length, keyLength);
        int at = 0;
        for (; at + 8 <= common; at += 8) {
            long mine = (long) LONG.get(buffer, index + at);
            long other = (long) ARRAY_LONG.get(key, offset + at);
            if (mine != other) {
                return Long.compareUnsigned(mine, other);
            }
        }
        if (at < common && common >= 8) {
            // The last eight bytes; those that were compared already are equal.
            long mine = (long) LONG.get(buffer, index + common - 8);
            long other = (long) ARRAY_LONG.get(key, offset + common - 8);
            return mine != other ? Long.compareUnsigned(mine, other) : length - keyLength;
        }
        for (; at < common; at++) {
            int difference = (buffer.get(index + at) & 0xFF) - (key[offset + at] & 0xFF);
            if (difference != 0) {
                return difference;
            }
        }
        return length - keyLength;
    }

    /** Unsigned lexicographic comparison of two ranges in slabs. */
    public int compare(int index, int length, Slab other, int otherIndex, int otherLength) {
        int common = Math.min(length, otherLength);
        int at = 0;
        for (; at + 8 <= common; at += 8) {
            long mine = (long) LONG.get(buffer, index + at);
            long theirs = (long) LONG.get(other.buffer, otherIndex + at);
            if (mine != theirs) {
                return Long.compareUnsigned(mine, theirs);
            }
        }
        if (at < common && common >= 8) {
            long mine = (long) LONG.get(buffer, index + common - 8);
            long theirs = (long) LONG.get(other.buffer, otherIndex + common - 8);
            return mine != theirs ? Long.compareUnsigned(mine, theirs) : length - otherLength;
        }
        for (; at < common; at++) {
            int difference = (buffer.get(index + at) & 0xFF) - (other.buffer.get(otherIndex + at) & 0xFF);
            if (difference != 0) {
                return difference;
            }
        }
        return length - otherLength;
    }

    /**
     * Index of the first byte in which {@code this[index, index + length)} and {@code key[offset, offset + keyLength)} differ; the
     * length of the shorter one when it is the start of the other; -1 when they are equal.
     */
    public int mismatch(int index, int length, byte[] key, int offset, int keyLength) {
        int common = Math.min(length, keyLength);
        int at = 0;
        for (; at + 8 <= common; at += 8) {
            long difference = buffer.getLong(index + at) ^ (long) ARRAY_LONG.get(key, offset + at);
            if (difference != 0) {
                return at + (Long.numberOfLeadingZeros(difference) >>> 3);
            }
        }
        for (; at < common; at++) {
            if (buffer.get(index + at) != key[offset + at]) {
                return at;
            }
        }
        return length == keyLength ? -1 : common;
    }

    /** The first eight bytes of a key as a big-endian long, padded with zeros: unsigned order agrees with key order. */
    public static long head(byte[] key, int offset, int length) {
        if (length >= 8) {
            return (long) ARRAY_LONG.get(key, offset);
        }
        long head = 0;
        for (int i = 0; i < length; i++) {
            head |= (key[offset + i] & 0xFFL) << (56 - 8 * i);
        }
        return head;
    }

    /** As {@link #head(byte[], int, int)}, for a key in this slab. */
    public long head(int index, int length) {
        if (length >= 8) {
            return (long) LONG.get(buffer, index);
        }
        long head = 0;
        for (int i = 0; i < length; i++) {
            head |= (buffer.get(index + i) & 0xFFL) << (56 - 8 * i);
        }
        return head;
    }

    public static int compare(byte[] a, int aOffset, int aLength, byte[] b, int bOffset, int bLength) {
        return Arrays.compareUnsigned(a, aOffset, aOffset + aLength, b, bOffset, bOffset + bLength);
    }
}
