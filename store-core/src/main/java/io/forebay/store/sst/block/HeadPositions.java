package io.forebay.store.sst.block;

/**
 * The positions at which neighbouring keys first differ, as far as heads are made of them; from them follows the shape of a
 * block, see {@link BlockFormat}. Positions are counted from the start of the keys, because their common prefix is not known
 * before the last key is. Used by one thread.
 */
final class HeadPositions {
    /** In rising order. */
    private final int[] lowest = new int[BlockFormat.MAX_HEAD_BYTES];

    private int count;
    private int highest = -1;
    /** Bits of those among {@link #lowest} that are below 64: most additions bring nothing new. */
    private long known;

    // What the last addition changed, if it changed anything.
    private boolean changed;
    private int insertedAt;
    private int pushedOut;
    private int countBefore;
    private int highestBefore;
    private long knownBefore;

    void clear() {
        count = 0;
        highest = -1;
        known = 0;
    }

    /**
     * The position at which a key first differs from its predecessor, if both are continued with zeros; -1 when they do not differ
     * then.
     *
     * @param shared length of their common prefix
     */
    static int of(byte[] key, int offset, int length, int shared) {
        // A zero there means that the predecessor has ended, because it is not greater.
        for (int i = shared; i < length; i++) {
            if (key[offset + i] != 0) {
                return i;
            }
        }
        return -1;
    }

    /** @param position -1 for none */
    void add(int position) {
        changed = position >= 0 && (position >= Long.SIZE || (known >>> position & 1) == 0);
        if (changed) {
            addNew(position);
        }
    }

    private void addNew(int position) {
        insertedAt = -1;
        countBefore = count;
        highestBefore = highest;
        knownBefore = known;
        highest = Math.max(highest, position);
        int at = count;
        while (at > 0 && lowest[at - 1] >= position) {
            at--;
        }
        boolean present = at < count && lowest[at] == position;
        if (!present && at < lowest.length) {
            insert(at, position);
        }
    }

    private void insert(int at, int position) {
        insertedAt = at;
        pushedOut = lowest[lowest.length - 1];
        count = Math.min(count + 1, lowest.length);
        System.arraycopy(lowest, at, lowest, at + 1, count - 1 - at);
        lowest[at] = position;
        known |= position < Long.SIZE ? 1L << position : 0;
    }

    /** Takes back the last addition. */
    void undo() {
        if (!changed) {
            return;
        }
        changed = false;
        if (insertedAt >= 0) {
            System.arraycopy(lowest, insertedAt + 1, lowest, insertedAt, count - 1 - insertedAt);
            lowest[lowest.length - 1] = pushedOut;
        }
        count = countBefore;
        highest = highestBefore;
        known = knownBefore;
    }

    /** The shape of a block with this common prefix. */
    int shape(int prefix) {
        if (highest - prefix < BlockFormat.MAX_HEAD_BYTES) {
            return Math.max(1, highest - prefix + 1);
        }
        int reachable = count;
        while (reachable > 0 && lowest[reachable - 1] - prefix > BlockFormat.MAX_POSITION) {
            reachable--;
        }
        return reachable == 0 ? 1 : BlockFormat.GATHERED | reachable;
    }

    /** The position with this number, counted from the start of the key. */
    int position(int number) {
        return lowest[number];
    }

    /** The bytes of a key at the first {@code width} positions, from the highest byte on; zeros behind its end. */
    long gather(byte[] key, int from, int end, int width) {
        long head = 0;
        if (from + lowest[width - 1] < end) {
            for (int i = 0; i < width; i++) {
                head = head << 8 | (key[from + lowest[i]] & 0xFF);
            }
        } else {
            for (int i = 0; i < width; i++) {
                int at = from + lowest[i];
                head = head << 8 | (at < end ? key[at] & 0xFF : 0);
            }
        }
        return head << (Long.SIZE - 8 * width);
    }
}
