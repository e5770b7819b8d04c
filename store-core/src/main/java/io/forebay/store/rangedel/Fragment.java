package io.forebay.store.rangedel;

import java.util.Arrays;

/**
 * A piece of the key space, {@code [start, end)} (null end: to the end of the key space), with the sequence numbers of all
 * range deletes over it, newest first, at least one. Fragments of one source do not overlap. Immutable.
 */
public record Fragment(byte[] start, byte[] end, long[] sequences) {
    /** Heap bytes without keys and sequences: record, list entry, array headers; an estimate. */
    private static final int FIXED_BYTES = 96;

    /** About how many heap bytes this takes. */
    public long heapBytes() {
        return heapBytes(1, keyBytes(), sequences.length);
    }

    /** About how many heap bytes some fragments take. */
    static long heapBytes(long fragments, long keyBytes, long sequences) {
        return FIXED_BYTES * fragments + keyBytes + Long.BYTES * sequences;
    }

    int keyBytes() {
        return start.length + (end == null ? 0 : end.length);
    }

    /**
     * True when {@code next} starts where this fragment ends and has the same sequences, so that both are parts of one
     * fragment.
     */
    public boolean goesOnIn(Fragment next) {
        return Arrays.equals(end, next.start) && Arrays.equals(sequences, next.sequences);
    }

    /** The newest sequence number not above {@code limit}, or -1. */
    public long newestAtOrBelow(long limit) {
        for (long sequence : sequences) {
            if (sequence <= limit) {
                return sequence;
            }
        }
        return -1;
    }
}
