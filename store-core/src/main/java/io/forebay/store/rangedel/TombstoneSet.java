package io.forebay.store.rangedel;

import java.io.IOException;

/**
 * The range deletes of one source, fragmented. Those of a memtable or an SST are in memory ({@link RangeTombstones}); those of
 * a sorted run are read file by file when a method needs them. Thread-safe unless an implementation says otherwise.
 */
public interface TombstoneSet {
    /** True only when there are none; may be false although there are none. */
    boolean isEmpty();

    /**
     * The first fragment, in key order, that ends after {@code key} (it contains the key or lies after it), or null. A set that
     * reads files may instead return an empty fragment without sequences at the bound of a file after the key: before that
     * bound there is no fragment.
     */
    Fragment endingAfter(byte[] key, int offset, int length) throws IOException;

    /**
     * The last fragment that starts before {@code key} (strictly), or null. It may be an empty fragment without sequences at
     * the bound of a file, at or before the key: after that bound there is no fragment (see {@link #endingAfter}).
     */
    Fragment startingBefore(byte[] key, int offset, int length) throws IOException;

    /** The fragment that contains {@code key}, or null. */
    Fragment covering(byte[] key, int offset, int length) throws IOException;

    /** A walk over all fragments. No more than the fragments of one file are in memory at a time. */
    FragmentCursor cursor();

    /** No range delete has a higher sequence number than this; -1 when there are none. */
    long newestSequence();
}
