package io.forebay.store.cache;

import io.forebay.store.util.Slab;
import java.io.IOException;

/** Reads the blocks of one file for a cache. Thread-safe. */
public interface BlockSource {
    /** Length of block {@code ordinal} in bytes, at least 1 and always the same. Called without locks of the cache. */
    int length(int ordinal) throws IOException;

    /** Reads and verifies block {@code ordinal} to {@code into[offset, offset + length)}. Called without locks of the cache. */
    void read(int ordinal, Slab into, int offset) throws IOException;
}
