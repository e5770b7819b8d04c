package io.forebay.store.rangedel;

import java.util.Iterator;

/** The range deletes of one source (memtable or SST), fragmented, all in memory. Immutable and thread-safe. */
public interface RangeTombstones extends TombstoneSet {
    RangeTombstones NONE = new NoTombstones();

    /** True exactly when there are none. */
    @Override
    boolean isEmpty();

    /** Number of fragments. */
    int size();

    /** The first fragment, in key order, that ends after {@code key} (it contains the key or lies after it), or null. */
    @Override
    Fragment endingAfter(byte[] key, int offset, int length);

    /** The last fragment that starts before {@code key} (strictly), or null. */
    @Override
    Fragment startingBefore(byte[] key, int offset, int length);

    @Override
    Fragment covering(byte[] key, int offset, int length);

    /** All fragments in key order. */
    Iterable<Fragment> fragments();

    @Override
    default FragmentCursor cursor() {
        Iterator<Fragment> left = fragments().iterator();
        return () -> left.hasNext() ? left.next() : null;
    }

    /** The newest sequence number of all, or -1. */
    @Override
    default long newestSequence() {
        long newest = -1;
        for (Fragment fragment : fragments()) {
            newest = Math.max(newest, fragment.sequences()[0]);
        }
        return newest;
    }
}
