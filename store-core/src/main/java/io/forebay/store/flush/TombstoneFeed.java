package io.forebay.store.flush;

import io.forebay.store.rangedel.Fragment;

/** Cuts the range delete that lies over the end of a file. Used by one thread. */
@FunctionalInterface
public interface TombstoneFeed {
    /** No range deletes. */
    TombstoneFeed NONE = end -> null;

    /**
     * What lies before {@code end} of the range delete that {@link SstOutput#addTombstone} has not got yet; null for nothing. It
     * gets the rest later.
     */
    Fragment cut(byte[] end);
}
