package io.forebay.store.rangedel;

import java.io.IOException;

/** A walk over fragments that do not overlap, in key order, once. Used by one thread. */
@FunctionalInterface
public interface FragmentCursor {
    /** The next fragment; null at the end, and from then on. */
    Fragment next() throws IOException;
}
