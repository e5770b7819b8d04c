package io.forebay.store;

import java.util.Arrays;
import java.util.Objects;

/**
 * A half-open range of keys {@code [from, to)} in unsigned lexicographic order. {@code from} is never null; when it is
 * empty, the range starts at the first key. A null {@code to} means that the range has no end. Immutable by convention:
 * the arrays are not copied and must not be changed.
 */
public record KeyRange(byte[] from, byte[] to) {
    private static final KeyRange ALL = new KeyRange(new byte[0], null);

    public KeyRange {
        Objects.requireNonNull(from, "from");
    }

    /** Every key. */
    public static KeyRange all() {
        return ALL;
    }

    /** The range {@code [from, to)}; a null {@code from} means from the first key, a null {@code to} without end. */
    public static KeyRange of(byte[] from, byte[] to) {
        return new KeyRange(from == null ? ALL.from : from, to);
    }

    /** All keys that start with {@code prefix}; an empty prefix means every key. */
    public static KeyRange prefix(byte[] prefix) {
        return new KeyRange(prefix, prefixEnd(prefix));
    }

    /** The range {@code [from, to]}, with {@code to} included; nulls as in {@link #of}. */
    public static KeyRange closed(byte[] from, byte[] to) {
        return of(from, to == null ? null : Arrays.copyOf(to, to.length + 1));
    }

    /**
     * The smallest key after all keys with this prefix, or null when there is none (the prefix is empty, or has only
     * 0xFF bytes).
     */
    public static byte[] prefixEnd(byte[] prefix) {
        for (int i = prefix.length - 1; i >= 0; i--) {
            if (prefix[i] != (byte) 0xFF) {
                byte[] end = Arrays.copyOf(prefix, i + 1);
                end[i]++;
                return end;
            }
        }
        return null;
    }

    /** True when {@code key} lies in the range. */
    public boolean contains(byte[] key) {
        return Arrays.compareUnsigned(from, key) <= 0 && (to == null || Arrays.compareUnsigned(key, to) < 0);
    }

    /** True when no key lies in the range. */
    public boolean isEmpty() {
        return to != null && Arrays.compareUnsigned(from, to) >= 0;
    }

    /** The keys that are in both ranges; {@link #isEmpty()} when there are none. */
    public KeyRange intersect(KeyRange other) {
        byte[] lo = Arrays.compareUnsigned(from, other.from) >= 0 ? from : other.from;
        byte[] hi =
                to == null ? other.to : other.to == null || Arrays.compareUnsigned(to, other.to) <= 0 ? to : other.to;
        return new KeyRange(lo, hi);
    }

    /** True when a key lies in both. */
    public boolean overlaps(KeyRange other) {
        return !intersect(other).isEmpty();
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof KeyRange other && Arrays.equals(from, other.from) && Arrays.equals(to, other.to);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(from) + Arrays.hashCode(to);
    }

    @Override
    public String toString() {
        java.util.HexFormat hex = java.util.HexFormat.of();
        return "[" + hex.formatHex(from) + ", " + (to == null ? "end" : hex.formatHex(to)) + ")";
    }
}
