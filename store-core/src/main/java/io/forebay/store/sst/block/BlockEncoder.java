package io.forebay.store.sst.block;

import io.forebay.store.util.Varint;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Writes the parts of a block (layout: {@link BlockFormat}) to an array. Thread-safe, without state. */
final class BlockEncoder {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);

    private BlockEncoder() {}

    /** Writes all that comes before the positions. @return the index after it */
    static int putHeader(
            byte[] out, int at, int count, int shape, long base, int deltaBytes, byte[] key, int keyAt, int prefix) {
        int baseBytes = BlockFormat.bytesFor(base);
        SHORT.set(out, at, (short) count);
        out[at + BlockFormat.SHAPE_AT] = (byte) shape;
        out[at + BlockFormat.WIDTHS_AT] = (byte) (baseBytes << 4 | deltaBytes);
        int next = Varint.putInt(out, putNumber(out, at + BlockFormat.BASE_AT, base, baseBytes, false), prefix);
        System.arraycopy(key, keyAt, out, next, prefix);
        return next + prefix;
    }

    static void putStart(byte[] out, int at, int start) {
        SHORT.set(out, at, (short) start);
    }

    /**
     * Writes a head of {@code width} bytes; what comes after it, up to {@code end}, may be overwritten.
     *
     * @param head begins with the highest byte
     */
    static void putHead(byte[] out, int at, long head, int width, int end) {
        if (end - at >= Long.BYTES) {
            LONG.set(out, at, head);
            return;
        }
        for (int i = 0; i < width; i++) {
            out[at + i] = (byte) (head >>> (56 - 8 * i));
        }
    }

    /** The first eight bytes of a suffix, continued with zeros. The array goes on for eight bytes after the suffix. */
    static long firstBytes(byte[] key, int suffixAt, int suffixLength) {
        long word = (long) LONG.get(key, suffixAt);
        return suffixLength >= Long.BYTES ? word : suffixLength == 0 ? 0 : word & (-1L << (64 - 8 * suffixLength));
    }

    static int putMeta(byte[] out, int at, int suffixLength, long sequence, byte kind) {
        int zero = sequence == 0 ? BlockFormat.ZERO_SEQUENCE : 0;
        return Varint.putInt(out, at, suffixLength << BlockFormat.SUFFIX_SHIFT | zero | kind);
    }

    /**
     * Copies the rest of a suffix.
     *
     * @param slack whether a long may be written to {@code out} at every byte of it, and be read from {@code key} there
     */
    static int putRest(byte[] out, int at, byte[] key, int restAt, int rest, boolean slack) {
        if (rest <= 0) {
            return at;
        }
        if (slack && rest <= 2 * Long.BYTES) {
            LONG.set(out, at, (long) LONG.get(key, restAt));
            if (rest > Long.BYTES) {
                int last = rest - Long.BYTES;
                LONG.set(out, at + last, (long) LONG.get(key, restAt + last));
            }
        } else {
            System.arraycopy(key, restAt, out, at, rest);
        }
        return at + rest;
    }

    static int putNumber(byte[] out, int at, long number, int bytes, boolean slack) {
        if (slack && bytes > 0) {
            LONG.set(out, at, number << (Long.SIZE - 8 * bytes));
            return at + bytes;
        }
        long left = number;
        for (int i = bytes - 1; i >= 0; i--) {
            out[at + i] = (byte) left;
            left >>>= 8;
        }
        return at + bytes;
    }

    /** Bytes that meta and rest take. */
    static int metaAndRest(int suffixLength, int elided) {
        return Varint.size(suffixLength << BlockFormat.SUFFIX_SHIFT) + Math.max(0, suffixLength - elided);
    }

    /** Bytes of a block without metas, rests and values. */
    static int frameBytes(int count, int shape, int prefix, int numbered, long min, long max) {
        int width = shape & ~BlockFormat.GATHERED;
        return BlockFormat.BASE_AT
                + BlockFormat.bytesFor(min)
                + Varint.size(prefix)
                + prefix
                + ((shape & BlockFormat.GATHERED) == 0 ? 0 : width)
                + count * (BlockFormat.START_BYTES + width)
                + numbered * BlockFormat.bytesFor(max - min);
    }
}
