package io.forebay.store.rangedel;

import java.io.IOException;

/**
 * The range deletes of one source, fragmented: of a memtable or an SST, which are in memory ({@link RangeTombstones}), or of a
 * sorted run, which are read file by file as they are asked for. Thread-safe unless it says otherwise.
 */
public interface TombstoneSet {
    /** True when there are none. May be false although there are none. */
    boolean isEmpty();

    /**
     * The first fragment, in key order, that ends after {@code key} (it contains the key or lies behind it), or null. A set that
     * is read as it is asked for may answer with the border of a file instead, behind the key: an empty fragment without
     * sequences, before which there is none.
     */
    Fragment endingAfter(byte[] key, int offset, int length) throws IOException;

    /**
     * The last fragment that starts before {@code key} (strictly), or null. It may be an empty fragment without sequences, at or
     * before the key, behind which there is none: see {@link #endingAfter}.
     */
    Fragment startingBefore(byte[] key, int offset, int length) throws IOException;

    /** The fragment that contains {@code key}, or null. */
    Fragment covering(byte[] key, int offset, int length) throws IOException;

    /** A walk over all fragments, of which no more than one file's are in memory at a time. */
    FragmentCursor cursor();

    /** A sequence number that no range delete is above; -1 when there are none. */
    long newestSequence();
}
