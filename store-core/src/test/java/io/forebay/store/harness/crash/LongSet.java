package io.forebay.store.harness.crash;

/** A set of hashes, without boxes: millions of them are kept. */
final class LongSet {
    private long[] slots = new long[1 << 16];
    private int size;

    /** @return false when it was there */
    boolean add(long value) {
        long stored = value == 0 ? 1 : value;
        if (size > slots.length / 8 * 5) {
            grow();
        }
        int at = find(slots, stored);
        if (slots[at] != 0) {
            return false;
        }
        slots[at] = stored;
        size++;
        return true;
    }

    int size() {
        return size;
    }

    private void grow() {
        long[] larger = new long[slots.length * 2];
        for (long stored : slots) {
            if (stored != 0) {
                larger[find(larger, stored)] = stored;
            }
        }
        slots = larger;
    }

    private static int find(long[] table, long stored) {
        int at = (int) (stored * 0x9E3779B97F4A7C15L >>> 32) & table.length - 1;
        while (table[at] != 0 && table[at] != stored) {
            at = at + 1 & table.length - 1;
        }
        return at;
    }
}
