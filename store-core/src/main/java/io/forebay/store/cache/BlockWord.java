package io.forebay.store.cache;

/**
 * What the cache knows of one block of a file, in one long. An element of {@link BlockSlots} is such a word:
 *
 * <pre>
 *  bit  63      present: the block is in the cache. The other bits but the pins are 0 without it
 *  bit  62      hot: the block was found since the hand of CLOCK passed it
 *  bit  61      own: the location counts in memory of its own, see {@link FrameMemory}
 *  bits 45-60   length in bytes; 0 when it does not fit: then {@link CacheSlab#longLength} has it
 *  bits 16-44   location of the frame, in units of 512 bytes, see {@link FrameMemory}
 *  bits  0-15   number of pins
 * </pre>
 *
 * <p>So a hit is one atomic addition to the word. Pins are pins of the element and not of a frame: as long as there is one, the
 * location does not change. Therefore it does no harm that the same word may come back after an eviction.
 *
 * <p>A thread that pins a block has the word of that moment as its handle. A handle without the present bit is a block that is
 * in no element: {@link CacheSlab} counts its pins. The handle 0 is no block at all.
 */
final class BlockWord {
    static final long PRESENT = Long.MIN_VALUE;
    static final long HOT = 1L << 62;
    static final long OWN = 1L << 61;
    static final long ONE_PIN = 1;
    static final long PINS = 0xFFFF;
    /** With so many pins a block takes no more, so that the pins of threads that meet in it never overflow. */
    static final long CROWDED = 1L << 15;

    /** The bits that a pin looks at, and their values in the usual case. */
    static final long STATE = PRESENT | HOT | CROWDED;

    static final long FOUND = PRESENT | HOT;

    static final int LOCATION_BITS = 29;
    private static final int LOCATION_SHIFT = 16;
    private static final int LENGTH_SHIFT = LOCATION_SHIFT + LOCATION_BITS;
    private static final int MOST_LENGTH = 0xFFFF;

    private BlockWord() {}

    /** The place of the first frame of a slab, to which {@link #frame} adds. */
    static long place(boolean own, int location) {
        return (own ? OWN : 0) | (long) location << LOCATION_SHIFT;
    }

    /** The handle of a block that is in no element, with one pin. */
    static long frame(long place, int units, int length) {
        return place
                + ((long) units << LOCATION_SHIFT)
                + (isLong(length) ? 0 : (long) length << LENGTH_SHIFT)
                + ONE_PIN;
    }

    /** What is shown of a block that is in no element yet and has one pin, which becomes a pin of its element. */
    static long pinned(long frame) {
        return frame | PRESENT;
    }

    /** As {@link #pinned}, but the pin ends. */
    static long unpinned(long frame, boolean hot) {
        return (frame - ONE_PIN) | (hot ? FOUND : PRESENT);
    }

    static boolean isLong(int length) {
        return length > MOST_LENGTH;
    }

    static boolean isPresent(long word) {
        return word < 0;
    }

    static boolean isOwn(long word) {
        return (word & OWN) != 0;
    }

    static int location(long word) {
        return (int) (word >>> LOCATION_SHIFT) & ((1 << LOCATION_BITS) - 1);
    }

    /** Length of the block in bytes; 0 when it does not fit in a word. */
    static int length(long word) {
        return (int) (word >>> LENGTH_SHIFT) & MOST_LENGTH;
    }

    static int pins(long word) {
        return (int) (word & PINS);
    }
}
