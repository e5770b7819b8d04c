package io.forebay.store.sst;

import io.forebay.store.KeyRange;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.testing.RandomKeys;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;

/** Files of all shapes: short and long keys, long common prefixes, many versions, and now and then something large. */
final class RandomSst {
    private enum KeyShape {
        LETTERS,
        SIXTEEN_BYTES,
        COUNTER,
        LONG_PREFIX,
        FAMILIES
    }

    private final Random random;
    private final RandomKeys letters;
    private final KeyShape shape;
    private final byte[] prefix;
    private final boolean manyVersions;
    private final boolean large;
    private long nextSequence = 1;

    RandomSst(Random random) {
        this.random = random;
        this.letters = new RandomKeys(random);
        this.shape = KeyShape.values()[random.nextInt(KeyShape.values().length)];
        this.prefix = new byte[random.nextInt(20) == 0 ? 5000 : random.nextInt(300)];
        random.nextBytes(prefix);
        this.manyVersions = random.nextInt(3) == 0;
        this.large = random.nextInt(6) == 0;
        nextSequence += random.nextInt(10) == 0 ? random.nextLong(1L << 55) : random.nextInt(1000);
    }

    SstModel model(int keys) {
        List<Fragment> tombstones = new ArrayList<>();
        int count = random.nextInt(3) == 0 ? 1 + random.nextInt(20) : 0;
        for (int i = 0; i < count; i++) {
            KeyRange range = random.nextBoolean() ? letters.range() : KeyRange.of(key(), key());
            if (!range.isEmpty()) {
                tombstones.add(new Fragment(range.from(), range.to(), new long[] {sequence()}));
            }
        }
        return new SstModel(entries(keys), tombstones);
    }

    private List<Entry> entries(int keys) {
        TreeSet<byte[]> sorted = new TreeSet<>(Arrays::compareUnsigned);
        for (int i = 0; i < keys; i++) {
            sorted.add(key());
        }
        List<Entry> entries = new ArrayList<>();
        boolean bottom = random.nextInt(4) == 0;
        for (byte[] key : sorted) {
            int versions = manyVersions && random.nextInt(4) == 0 ? 1 + random.nextInt(60) : 1;
            long[] sequences = new long[versions];
            for (int i = versions - 1; i >= 0; i--) {
                sequences[i] = i == versions - 1 && (bottom || random.nextInt(20) == 0) ? 0 : sequence();
            }
            for (long sequence : sequences) {
                byte kind = (byte) (1 + random.nextInt(3));
                byte[] value = kind == ValueKind.DELETE && random.nextInt(10) > 0 ? new byte[0] : value();
                entries.add(new Entry(key, sequence, kind, value));
            }
        }
        return entries;
    }

    private long sequence() {
        nextSequence += 1 + (random.nextInt(50) == 0 ? random.nextInt(100_000) : random.nextInt(3));
        return nextSequence;
    }

    private byte[] value() {
        if (large && random.nextInt(100) == 0) {
            byte[] value = new byte[random.nextInt(300_000)];
            random.nextBytes(value);
            return value;
        }
        return letters.value();
    }

    byte[] key() {
        if (large && random.nextInt(300) == 0) {
            byte[] key = new byte[random.nextInt(100_000)];
            random.nextBytes(key);
            return key;
        }
        return switch (shape) {
            case LETTERS -> letters.key();
            case SIXTEEN_BYTES -> bytes(16);
            case COUNTER -> concat(new byte[0], random.nextInt(5000));
            case LONG_PREFIX -> random.nextInt(200) == 0 ? letters.key() : concat(prefix, random.nextInt(5000));
            case FAMILIES -> {
                // Keys that share much with their neighbours and little with all: long separators.
                byte[] family = new byte[40];
                new Random(random.nextInt(30)).nextBytes(family);
                yield concat(family, random.nextInt(300));
            }
        };
    }

    private byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private static byte[] concat(byte[] first, int number) {
        byte[] key = Arrays.copyOf(first, first.length + 4);
        for (int i = 0; i < 4; i++) {
            key[first.length + i] = (byte) (number >>> (24 - 8 * i));
        }
        return key;
    }

    /** A range that begins and ends at, near, or away from keys of the file. */
    KeyRange range() {
        return switch (random.nextInt(4)) {
            case 0 -> KeyRange.all();
            case 1 -> letters.range();
            default -> {
                byte[] a = near(key());
                byte[] b = near(key());
                yield Arrays.compareUnsigned(a, b) <= 0 ? KeyRange.of(a, b) : KeyRange.of(b, a);
            }
        };
    }

    /** The key, a little more, or a little less. */
    byte[] near(byte[] key) {
        return switch (random.nextInt(4)) {
            case 0 -> Arrays.copyOf(key, key.length + 1);
            case 1 -> Arrays.copyOf(key, key.length / 2);
            case 2 -> {
                byte[] changed = key.clone();
                if (key.length > 0) {
                    changed[random.nextInt(key.length)] += (byte) (random.nextBoolean() ? 1 : -1);
                }
                yield changed;
            }
            default -> key;
        };
    }
}
