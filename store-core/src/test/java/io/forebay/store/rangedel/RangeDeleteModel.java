package io.forebay.store.rangedel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Range deletes the slow way: a list that is searched from end to end. Keys have up to two of four letters. */
final class RangeDeleteModel {
    private static final byte[] LETTERS = {0, 'a', 'b', (byte) 0xFF};

    final List<Fragment> ranges = new ArrayList<>();

    static byte[] key(Random random) {
        byte[] key = new byte[random.nextInt(3)];
        for (int i = 0; i < key.length; i++) {
            key[i] = LETTERS[random.nextInt(LETTERS.length)];
        }
        return key;
    }

    /** Bounds that are not empty: from, and to or null. */
    static byte[][] bounds(Random random) {
        while (true) {
            byte[] from = key(random);
            byte[] to = random.nextInt(8) == 0 ? null : key(random);
            if (to == null || Arrays.compareUnsigned(from, to) < 0) {
                return new byte[][] {from, to};
            }
        }
    }

    /** Every key of up to two letters, and one byte more than the letters to fall between them. */
    static List<byte[]> allKeys() {
        List<byte[]> keys = new ArrayList<>();
        keys.add(new byte[0]);
        for (int a : new int[] {0, 1, 'a', 'b', 'c', 0xFF}) {
            keys.add(new byte[] {(byte) a});
            for (int b : new int[] {0, 1, 'a', 'b', 'c', 0xFF}) {
                keys.add(new byte[] {(byte) a, (byte) b});
            }
        }
        keys.sort(Arrays::compareUnsigned);
        return keys;
    }

    static boolean contains(Fragment range, byte[] key) {
        return Arrays.compareUnsigned(range.start(), key) <= 0
                && (range.end() == null || Arrays.compareUnsigned(key, range.end()) < 0);
    }

    /** Distinct sequences of the ranges over a key, newest first. */
    long[] over(byte[] key) {
        return ranges.stream()
                .filter(range -> contains(range, key))
                .flatMapToLong(range -> Arrays.stream(range.sequences()))
                .map(sequence -> -sequence)
                .sorted()
                .distinct()
                .map(negative -> -negative)
                .toArray();
    }

    /** What the three searches must find among these fragments. */
    static void checkSearches(RangeTombstones tombstones) {
        List<Fragment> all = new ArrayList<>();
        tombstones.fragments().forEach(all::add);
        if (all.size() != tombstones.size() || all.isEmpty() != tombstones.isEmpty()) {
            throw new AssertionError("size " + tombstones.size() + " but " + all.size() + " fragments");
        }
        for (byte[] key : allKeys()) {
            Fragment covering = null;
            Fragment endingAfter = null;
            Fragment startingBefore = null;
            for (Fragment fragment : all) {
                covering = contains(fragment, key) ? fragment : covering;
                boolean endsAfter = fragment.end() == null || Arrays.compareUnsigned(fragment.end(), key) > 0;
                endingAfter = endingAfter == null && endsAfter ? fragment : endingAfter;
                startingBefore = Arrays.compareUnsigned(fragment.start(), key) < 0 ? fragment : startingBefore;
            }
            byte[] padded = Arrays.copyOf(new byte[] {9}, key.length + 2);
            System.arraycopy(key, 0, padded, 1, key.length);
            if (tombstones.covering(padded, 1, key.length) != covering
                    || tombstones.endingAfter(padded, 1, key.length) != endingAfter
                    || tombstones.startingBefore(padded, 1, key.length) != startingBefore) {
                throw new AssertionError("a search for " + Arrays.toString(key) + " went wrong in " + describe(all));
            }
        }
    }

    static String describe(List<Fragment> fragments) {
        StringBuilder text = new StringBuilder();
        for (Fragment fragment : fragments) {
            text.append(Arrays.toString(fragment.start()))
                    .append(" to ")
                    .append(Arrays.toString(fragment.end()))
                    .append(": ")
                    .append(Arrays.toString(fragment.sequences()))
                    .append('\n');
        }
        return text.toString();
    }
}
