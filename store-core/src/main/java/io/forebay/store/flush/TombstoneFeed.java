package io.forebay.store.flush;

import io.forebay.store.rangedel.Fragment;

/** Cuts the range delete that lies over the end of a file. Used by one thread. */
@FunctionalInterface
public interface TombstoneFeed {
    /** No range deletes. */
    TombstoneFeed NONE = end -> null;

    /**
     * Cuts the range delete over {@code end} that was not passed to {@link SstOutput#addTombstone} yet, and returns the part
     * before {@code end}; null when there is none. The rest is passed to that method later.
     */
    Fragment cut(byte[] end);
}
