package io.forebay.store.cache;

import io.forebay.store.util.Slab;
import java.io.IOException;

/** Where a cache gets the blocks of one file from. Thread-safe. */
public interface BlockSource {
    /** Bytes of block {@code ordinal}, at least 1; always the same. Called without locks of the cache. */
    int length(int ordinal) throws IOException;

    /** Reads and verifies block {@code ordinal} to {@code into[offset, offset + length)}. Called without locks of the cache. */
    void read(int ordinal, Slab into, int offset) throws IOException;
}
