package io.forebay.store.util;

/**
 * Unsigned LEB128 numbers: seven bits a byte, least significant group first, the high bit set on all bytes but the last.
 * Writers make the shortest encoding, and readers refuse any other, so that the next field always starts at
 * {@code at + size(value)}. Negative numbers are written as unsigned ones (5 or 10 bytes).
 */
public final class Varint {
    /** Bytes an {@code int} takes at most. */
    public static final int MAX_INT_BYTES = 5;
    /** Bytes a {@code long} takes at most. */
    public static final int MAX_LONG_BYTES = 10;

    private Varint() {}

    /** Bytes that {@code value} takes, 1 to 5. */
    public static int size(int value) {
        return (38 - Integer.numberOfLeadingZeros(value | 1)) / 7;
    }

    /** Bytes that {@code value} takes, 1 to 10. */
    public static int size(long value) {
        return (70 - Long.numberOfLeadingZeros(value | 1)) / 7;
    }

    /** @return the index after the number */
    public static int putInt(byte[] into, int at, int value) {
        while ((value & ~0x7F) != 0) {
            into[at++] = (byte) (value | 0x80);
            value >>>= 7;
        }
        into[at++] = (byte) value;
        return at;
    }

    /** @return the index after the number */
    public static int putLong(byte[] into, int at, long value) {
        while ((value & ~0x7FL) != 0) {
            into[at++] = (byte) (value | 0x80);
            value >>>= 7;
        }
        into[at++] = (byte) value;
        return at;
    }

    /** @return the index after the number */
    public static int putInt(Slab into, int at, int value) {
        while ((value & ~0x7F) != 0) {
            into.putByte(at++, (byte) (value | 0x80));
            value >>>= 7;
        }
        into.putByte(at++, (byte) value);
        return at;
    }

    /** @return the index after the number */
    public static int putLong(Slab into, int at, long value) {
        while ((value & ~0x7FL) != 0) {
            into.putByte(at++, (byte) (value | 0x80));
            value >>>= 7;
        }
        into.putByte(at++, (byte) value);
        return at;
    }

    /**
     * Reads the number at {@code at}, which is {@link #size(int)} bytes long.
     *
     * @throws IllegalArgumentException when the bytes are not the shortest encoding of an int
     * @throws IndexOutOfBoundsException when the array ends inside of the number
     */
    public static int getInt(byte[] from, int at) {
        byte first = from[at];
        if (first >= 0) {
            return first;
        }
        int value = first & 0x7F;
        for (int shift = 7; shift < 32; shift += 7) {
            byte next = from[++at];
            value |= (next & 0x7F) << shift;
            if (next >= 0) {
                return checked(value, next, shift);
            }
        }
        throw tooLong(32);
    }

    /** As {@link #getInt(byte[], int)}, of a long. */
    public static long getLong(byte[] from, int at) {
        byte first = from[at];
        if (first >= 0) {
            return first;
        }
        long value = first & 0x7F;
        for (int shift = 7; shift < 64; shift += 7) {
            byte next = from[++at];
            value |= (next & 0x7FL) << shift;
            if (next >= 0) {
                return checked(value, next, shift);
            }
        }
        throw tooLong(64);
    }

    /** As {@link #getInt(byte[], int)}. */
    public static int getInt(Slab from, int at) {
        byte first = from.getByte(at);
        if (first >= 0) {
            return first;
        }
        int value = first & 0x7F;
        for (int shift = 7; shift < 32; shift += 7) {
            byte next = from.getByte(++at);
            value |= (next & 0x7F) << shift;
            if (next >= 0) {
                return checked(value, next, shift);
            }
        }
        throw tooLong(32);
    }

    /** As {@link #getInt(byte[], int)}, of a long. */
    public static long getLong(Slab from, int at) {
        byte first = from.getByte(at);
        if (first >= 0) {
            return first;
        }
        long value = first & 0x7F;
        for (int shift = 7; shift < 64; shift += 7) {
            byte next = from.getByte(++at);
            value |= (next & 0x7FL) << shift;
            if (next >= 0) {
                return checked(value, next, shift);
            }
        }
        throw tooLong(64);
    }

    private static int checked(int value, byte last, int shift) {
        if (last == 0 || (shift == 28 && last > 0x0F)) {
            throw notShortest(32);
        }
        return value;
    }

    private static long checked(long value, byte last, int shift) {
        if (last == 0 || (shift == 63 && last > 1)) {
            throw notShortest(64);
        }
        return value;
    }

    private static IllegalArgumentException notShortest(int bits) {
        return new IllegalArgumentException("varint is not the shortest encoding of a number of " + bits + " bits");
    }

    private static IllegalArgumentException tooLong(int bits) {
        return new IllegalArgumentException("varint is longer than a number of " + bits + " bits can be");
    }
}
