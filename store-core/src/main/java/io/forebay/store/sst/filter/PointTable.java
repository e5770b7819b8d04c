package io.forebay.store.sst.filter;

import io.forebay.store.util.Slab;

/**
 * A hash table that says where the newest version of a key lies: in which data block of a partition, and as which entry of it. It
 * also tells most keys that are not there, so it takes the place of a filter. A lookup reads one line of 64 bytes, the size of a
 * cache line, unless that line is full.
 *
 * <pre>
 * Table       --> Line^Lines
 * Line        --> Slot^16
 * Slot        --> Fingerprint:u16 (0 in a free slot), Block:u8, Entry:u8
 * line        =   (hash >>> 32) * Lines >>> 32
 * fingerprint =   hash & 0xFFFF, or 1 if that is 0
 * </pre>
 *
 * Slots of a line are filled from the front. A key whose line is full is in the next one that is not, the first line following the
 * last, and at most {@link #MAX_LINES} lines are between. Keys with equal fingerprints have slots of their own. A slot is a hint from
 * disk: it may lie outside of its block or belong to another key, so a reader compares the key. Thread-safe, without state.
 */
public final class PointTable {
    public static final int LINE_BYTES = 64;
    public static final int LINE_SLOTS = 16;
    /** The most lines that a lookup reads. */
    public static final int MAX_LINES = 4;
    /** The most data blocks in a partition with a table, and the most entries in each. */
    public static final int MAX_BLOCKS = 256;

    public static final int MAX_ENTRIES = 256;

    private static final int SLOT_BYTES = 4;

    private PointTable() {}

    /** The number of the line of a key. */
    public static int line(long hash, int lines) {
        return (int) ((hash >>> 32) * lines >>> 32);
    }

    static int fingerprint(long hash) {
        int low = (int) hash & 0xFFFF;
        return low == 0 ? 1 : low;
    }

    /** A bit for each slot of the line at {@code at}, bit 0 for the first one, that has the fingerprint of the key. */
    public static int candidates(Slab slab, int at, long hash) {
        long fingerprint = (long) fingerprint(hash) << 16;
        long both = fingerprint << 32 | fingerprint;
        int found = 0;
        // Without branches, because none of them could be predicted.
        for (int i = 0; i < LINE_SLOTS; i += 2) {
            long differs = (slab.getLong(at + i * SLOT_BYTES) ^ both) & 0xFFFF0000_FFFF0000L;
            long first = ((differs >>> 32) - 1) >>> 63;
            long second = ((differs & 0xFFFFFFFFL) - 1) >>> 63;
            found |= (int) (first | second << 1) << i;
        }
        return found;
    }

    /** Whether a lookup that has found nothing in the line goes on to the next. */
    public static boolean isFull(Slab slab, int at) {
        return slab.getShort(at + (LINE_SLOTS - 1) * SLOT_BYTES) != 0;
    }

    /** The number of the data block in a slot, counted from the start of the partition. */
    public static int block(Slab slab, int at, int slot) {
        return slab.getByte(at + slot * SLOT_BYTES + 2) & 0xFF;
    }

    /** The number of the entry in a slot, counted from the start of its block. */
    public static int entry(Slab slab, int at, int slot) {
        return slab.getByte(at + slot * SLOT_BYTES + 3) & 0xFF;
    }
}
