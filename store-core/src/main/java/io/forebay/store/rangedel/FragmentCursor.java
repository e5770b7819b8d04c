package io.forebay.store.rangedel;

import java.io.IOException;

/** A walk over fragments that do not overlap, in key order, once. Used by one thread. */
@FunctionalInterface
public interface FragmentCursor {
    /** The next fragment. Null at the end, and in every call after that. */
    Fragment next() throws IOException;
}
