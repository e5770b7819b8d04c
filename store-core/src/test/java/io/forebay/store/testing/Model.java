package io.forebay.store.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.KeyRange;
import io.forebay.store.ReadView;
import io.forebay.store.StoreIterator;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** What a store should hold: a sorted map, with the operations of a store and a comparison. Merge joins with a comma. */
public final class Model {
    private final TreeMap<byte[], byte[]> map = new TreeMap<>(Arrays::compareUnsigned);

    public Model() {}

    private Model(Model other) {
        map.putAll(other.map);
    }

    /** Values are never changed in place, so a copy of the map is enough. */
    public Model copy() {
        return new Model(this);
    }

    /** Takes over the state of {@code other}. */
    public void become(Model other) {
        map.clear();
        map.putAll(other.map);
    }

    public NavigableMap<byte[], byte[]> map() {
        return map;
    }

    public byte[] get(byte[] key) {
        return map.get(key);
    }

    public void put(byte[] key, byte[] value) {
        map.put(key, value);
    }

    public void delete(byte[] key) {
        map.remove(key);
    }

    public void merge(byte[] key, byte[] operand) {
        byte[] old = map.get(key);
        if (old == null) {
            map.put(key, operand);
        } else {
            byte[] merged = Arrays.copyOf(old, old.length + 1 + operand.length);
            merged[old.length] = ',';
            System.arraycopy(operand, 0, merged, old.length + 1, operand.length);
            map.put(key, merged);
        }
    }

    public void deleteRange(byte[] from, byte[] to) {
        KeyRange range = KeyRange.of(from, to);
        if (!range.isEmpty()) {
            in(range).clear();
        }
    }

    /** The part in {@code range}, a view. */
    public NavigableMap<byte[], byte[]> in(KeyRange range) {
        if (range.isEmpty()) {
            return new TreeMap<>(Arrays::compareUnsigned);
        }
        return range.to() == null ? map.tailMap(range.from(), true) : map.subMap(range.from(), true, range.to(), false);
    }

    /** Compares everything in {@code range}, by a scan in each direction. */
    public void assertSame(ReadView view, KeyRange range, String where) {
        NavigableMap<byte[], byte[]> expected = in(range);
        try (StoreIterator iterator = view.iterator(range)) {
            iterator.seekToFirst();
            for (Map.Entry<byte[], byte[]> entry : expected.entrySet()) {
                assertAt(iterator, entry, where + ", forward");
                iterator.next();
            }
            assertEnd(iterator, where + ", forward");
            iterator.seekToLast();
            for (Map.Entry<byte[], byte[]> entry : expected.descendingMap().entrySet()) {
                assertAt(iterator, entry, where + ", reverse");
                iterator.prev();
            }
            assertEnd(iterator, where + ", reverse");
        }
    }

    public static void assertAt(StoreIterator iterator, Map.Entry<byte[], byte[]> expected, String where) {
        if (expected == null) {
            assertEnd(iterator, where);
            return;
        }
        if (iterator.isValid()
                && Arrays.equals(iterator.key(), expected.getKey())
                && Arrays.equals(iterator.value(), expected.getValue())) {
            return; // what follows says what is wrong
        }
        assertThat(iterator.isValid())
                .as("%s: valid at key %s", where, hex(expected.getKey()))
                .isTrue();
        assertThat(hex(iterator.key())).as("%s: key", where).isEqualTo(hex(expected.getKey()));
        assertThat(hex(iterator.value()))
                .as("%s: value of key %s", where, hex(expected.getKey()))
                .isEqualTo(hex(expected.getValue()));
    }

    private static void assertEnd(StoreIterator iterator, String where) {
        assertThat(iterator.isValid() ? "key " + hex(iterator.key()) : "end")
                .as(where)
                .isEqualTo("end");
    }

    public static String hex(byte[] bytes) {
        return bytes == null ? "none" : HexFormat.of().formatHex(bytes);
    }
}
