package io.forebay.store.rangedel;

/** The range deletes of one source (memtable or SST), fragmented. Immutable and thread-safe. */
public interface RangeTombstones {
    RangeTombstones NONE = new NoTombstones();

    boolean isEmpty();

    /** Number of fragments. */
    int size();

    /** The first fragment, in key order, that ends after {@code key} (it contains the key or lies behind it), or null. */
    Fragment endingAfter(byte[] key, int offset, int length);

    /** The last fragment that starts before {@code key} (strictly), or null. */
    Fragment startingBefore(byte[] key, int offset, int length);

    /** The fragment that contains {@code key}, or null. */
    Fragment covering(byte[] key, int offset, int length);

    /** All fragments in key order. */
    Iterable<Fragment> fragments();
}
