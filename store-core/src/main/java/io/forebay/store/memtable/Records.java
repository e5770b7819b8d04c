package io.forebay.store.memtable;

import io.forebay.store.util.Slab;

/**
 * The layout of the records in the slabs of a memtable. It reads and encodes them; {@link RecordWriter} writes them. All
 * records start at multiples of 8; offsets are in bytes.
 *
 * <pre>
 * slot of HashIndex       key record                           version 1, inline
 * | tag | ref | -------&gt; | newest | length | pushed | key |  | word | length | value |
 *                           |                                   ^
 *                           | published with release            | older
 *                           v                                   |
 *                        version 3 -------- older -------&gt; version 2: | older | chain | word | length | value |
 *
 * key record
 *   0  newest   int   ref of the newest version; published last
 *   4  length   int   of the key
 *   8  pushed   int   ref of the key that was added before
 *  12  key      bytes
 *      first version, at the next multiple of 8, unless the key is longer than {@link #INLINE_KEY_MAX}
 *
 * version (the first one of a key follows its key record, later ones have a prefix)
 *  -8  older    int   ref of the next older version, 0 for none     } not before the
 *  -4  chain    int   number of operands below that may be folded   } first version
 *   0  word     long  sequence:53 size class:9 kind:2; kind 0 while the version is overwritten
 *   8  length   int   of the value
 *  12  value    bytes
 * </pre>
 *
 * The size class says how long the slot is ({@link #slotBytes}), so that a version can be overwritten by values of other
 * lengths. The word changes with every overwrite, because sequence numbers are unique: a reader that finds the same word before
 * and after its copy has copied a whole value.
 */
final class Records {
    static final int NEWEST = 0;
    static final int KEY_LENGTH = 4;
    static final int PUSHED_BEFORE = 8;
    static final int KEY = 12;
    /**
     * A ref can only point into the first 64 KiB of a slab, so the version that follows a longer key could not be referred to.
     */
    static final int INLINE_KEY_MAX = 32 << 10;

    static final int VERSION_PREFIX = 8;
    static final int OLDER = -8;
    static final int CHAIN = -4;
    static final int LENGTH = 8;
    static final int VALUE = 12;

    private static final int KIND_BITS = 2;
    private static final int CLASS_BITS = 9;
    private static final int SEQUENCE_SHIFT = KIND_BITS + CLASS_BITS;
    private static final int KIND_MASK = (1 << KIND_BITS) - 1;
    private static final int CLASS_MASK = (1 << CLASS_BITS) - 1;
    static final long MAX_SEQUENCE = -1L >>> SEQUENCE_SHIFT;

    /** Slots of fewer units of 8 bytes than this have exact sizes; longer slots have sixteen sizes per doubling. */
    private static final int EXACT_UNITS = 64;

    private Records() {}

    /** Length of a key record without its first version. */
    static int keyRecordBytes(int keyLength) {
        return align(KEY + keyLength);
    }

    /** The ref of the first version of a key; 0 if it does not follow the key record. */
    static int inlineVersion(int keyRef, int keyLength) {
        return keyLength <= INLINE_KEY_MAX ? keyRef + (keyRecordBytes(keyLength) >>> 3) : 0;
    }

    static int older(Slab slab, int version, int ref, int inlineVersion) {
        return ref == inlineVersion ? 0 : slab.getInt(version + OLDER);
    }

    static long word(long sequence, int sizeClass, byte kind) {
        return sequence << SEQUENCE_SHIFT | (long) sizeClass << KIND_BITS | kind;
    }

    /** The same word with kind 0, which tells readers that the version is being overwritten. */
    static long busy(long word) {
        return word & ~(long) KIND_MASK;
    }

    static long sequence(long word) {
        return word >>> SEQUENCE_SHIFT;
    }

    /** 0 for a version that is being overwritten. */
    static byte kind(long word) {
        return (byte) (word & KIND_MASK);
    }

    static int sizeClass(long word) {
        return (int) (word >>> KIND_BITS) & CLASS_MASK;
    }

    /** The length of the longest value that fits the slot of a version. */
    static int capacity(long word) {
        return slotBytes(sizeClass(word)) - VALUE;
    }

    /** The smallest size class for a value of this length. */
    static int sizeClassFor(int valueLength) {
        int units = (int) ((VALUE + (long) valueLength + 7) >>> 3);
        if (units < EXACT_UNITS) {
            return units;
        }
        // units in (16..31] << exponent, rounded up
        int exponent = 27 - Integer.numberOfLeadingZeros(units - 1);
        int mantissa = ((units - 1) >>> exponent) + 1;
        return EXACT_UNITS + (exponent - 2) * 16 + mantissa - 16;
    }

    /** Length of a slot from its word to its end. */
    static int slotBytes(int sizeClass) {
        if (sizeClass < EXACT_UNITS) {
            return sizeClass << 3;
        }
        int step = sizeClass - EXACT_UNITS;
        return (16 + (step & 15)) << ((step >>> 4) + 2 + 3);
    }

    static int align(int bytes) {
        return (bytes + 7) & ~7;
    }
}
