package io.forebay.store.memtable;

import io.forebay.store.MergeFunction;
import io.forebay.store.key.ValueKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.TreeMap;

/** Everything that was ever written, and what a reader with a limit must make of it. */
final class MemtableModel {
    private record Version(long sequence, byte kind, byte[] value) {}

    private record RangeDelete(byte[] from, byte[] to, long sequence) {
        boolean contains(byte[] key) {
            return Arrays.compareUnsigned(from, key) <= 0 && (to == null || Arrays.compareUnsigned(key, to) < 0);
        }
    }

    /**
     * What a memtable says of a key.
     *
     * @param settled nothing older matters
     * @param value null: none
     */
    record Answer(boolean settled, byte[] value) {
        @Override
        public boolean equals(Object o) {
            return o instanceof Answer other && settled == other.settled && Arrays.equals(value, other.value);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(value);
        }

        @Override
        public String toString() {
            return (settled ? "settled " : "open ")
                    + (value == null ? "none" : value.length > 40 ? value.length + " bytes" : Arrays.toString(value));
        }
    }

    private final TreeMap<byte[], List<Version>> versions = new TreeMap<>(Arrays::compareUnsigned);
    private final List<RangeDelete> rangeDeletes = new ArrayList<>();
    private final MergeFunction function;

    MemtableModel(MergeFunction function) {
        this.function = function;
    }

    void write(byte[] key, byte kind, byte[] value, long sequence) {
        versions.computeIfAbsent(key, k -> new ArrayList<>()).add(0, new Version(sequence, kind, value));
    }

    void deleteRange(byte[] from, byte[] to, long sequence) {
        rangeDeletes.add(0, new RangeDelete(from, to, sequence));
    }

    Iterable<byte[]> keys() {
        return versions.keySet();
    }

    boolean hasVersion(byte[] key, long limit) {
        return versions.getOrDefault(key, List.of()).stream().anyMatch(version -> version.sequence <= limit);
    }

    Answer get(byte[] key, long limit) {
        long cover = -1;
        for (RangeDelete delete : rangeDeletes) {
            if (delete.sequence <= limit && delete.contains(key)) {
                cover = Math.max(cover, delete.sequence);
            }
        }
        List<byte[]> values = new ArrayList<>();
        boolean settled = cover >= 0;
        for (Version version : versions.getOrDefault(key, List.of())) {
            if (version.sequence > limit || version.sequence < cover) {
                continue;
            }
            if (version.kind != ValueKind.DELETE) {
                values.add(version.value);
            }
            if (version.kind != ValueKind.MERGE) {
                settled = true;
                break;
            }
        }
        return new Answer(settled, fold(key, values));
    }

    private byte[] fold(byte[] key, List<byte[]> newestFirst) {
        if (newestFirst.size() < 2) {
            return newestFirst.isEmpty() ? null : newestFirst.get(0);
        }
        List<byte[]> oldestFirst = new ArrayList<>(newestFirst);
        Collections.reverse(oldestFirst);
        return function.merge(key, oldestFirst);
    }
}
