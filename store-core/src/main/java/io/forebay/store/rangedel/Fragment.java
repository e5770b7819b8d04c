package io.forebay.store.rangedel;

/**
 * A piece of the key space over which the same range deletes lie: {@code [start, end)} (null end: to the end of the key
 * space), and their sequence numbers, newest first, never empty. Fragments of one source do not overlap. Immutable.
 */
public record Fragment(byte[] start, byte[] end, long[] sequences) {
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
