package io.forebay.store.iter;

import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.ValueKind;
import java.io.IOException;
import java.util.Arrays;
import java.util.HexFormat;

/** One version of a key, for models. */
public record ModelEntry(byte[] key, long sequence, byte kind, byte[] value) implements Comparable<ModelEntry> {
    public static ModelEntry of(InternalIterator at) throws IOException {
        return new ModelEntry(at.copyKey(), at.sequence(), at.kind(), at.copyValue());
    }

    public static ModelEntry of(RetentionIterator at) {
        byte[] value = new byte[at.valueLength()];
        if (value.length > 0) {
            at.valueSlab().get(at.valueOffset(), value, 0, value.length);
        }
        return new ModelEntry(Arrays.copyOf(at.key(), at.keyLength()), at.sequence(), at.kind(), value);
    }

    /** Internal order. */
    @Override
    public int compareTo(ModelEntry other) {
        int byKey = Arrays.compareUnsigned(key, other.key);
        return byKey != 0 ? byKey : Long.compare(other.sequence, sequence);
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof ModelEntry other
                && compareTo(other) == 0
                && kind == other.kind
                && Arrays.equals(value, other.value);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(key) * 31 + Long.hashCode(sequence);
    }

    @Override
    public String toString() {
        HexFormat hex = HexFormat.of();
        String name = kind == ValueKind.PUT ? "put" : kind == ValueKind.DELETE ? "delete" : "merge";
        return name + " " + hex.formatHex(key) + "@" + sequence + "=" + hex.formatHex(value);
    }
}
