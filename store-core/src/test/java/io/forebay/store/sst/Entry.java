package io.forebay.store.sst;

import io.forebay.store.key.InternalIterator;
import io.forebay.store.rangedel.Fragment;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/** One version of a key, as a test expects it. */
record Entry(byte[] key, long sequence, byte kind, byte[] value) {
    static Entry of(String key, long sequence, byte kind, String value) {
        return new Entry(bytes(key), sequence, kind, bytes(value));
    }

    /** A range delete; null {@code end}: to the end. */
    static Fragment fragment(String start, String end, long... sequences) {
        return new Fragment(bytes(start), end == null ? null : bytes(end), sequences);
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    static Entry current(InternalIterator iterator) throws IOException {
        return new Entry(iterator.copyKey(), iterator.sequence(), iterator.kind(), iterator.copyValue());
    }

    Entry at(long overrideSequence) {
        return overrideSequence < 0 ? this : new Entry(key, overrideSequence, kind, value);
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof Entry other
                && Arrays.equals(key, other.key)
                && sequence == other.sequence
                && kind == other.kind
                && Arrays.equals(value, other.value);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(key) * 31 + Long.hashCode(sequence);
    }

    @Override
    public String toString() {
        return hex(key) + "@" + sequence + " kind " + kind + " = " + hex(value);
    }

    private static String hex(byte[] bytes) {
        return bytes.length <= 32
                ? HexFormat.of().formatHex(bytes)
                : HexFormat.of().formatHex(bytes, 0, 32) + ".. (" + bytes.length + " bytes)";
    }
}
