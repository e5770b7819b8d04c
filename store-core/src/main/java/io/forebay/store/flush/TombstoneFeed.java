package io.forebay.store.flush;

import io.forebay.store.rangedel.Fragment;
import java.util.List;

/** Hands out the range deletes that belong into an output, in key order, piece by piece. Used by one thread. */
@FunctionalInterface
public interface TombstoneFeed {
    /** No range deletes. */
    TombstoneFeed NONE = (end, into) -> {};

    /**
     * Adds everything before {@code end} (null: everything) that was not handed out yet; what lies across is cut there.
     */
    void take(byte[] end, List<Fragment> into);
}
