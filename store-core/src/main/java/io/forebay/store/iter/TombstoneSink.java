package io.forebay.store.iter;

import io.forebay.store.rangedel.Fragment;
import java.io.IOException;

/** Takes the range deletes that a flush or compaction keeps. Used by one thread. */
@FunctionalInterface
public interface TombstoneSink {
    /**
     * The next one in key order: all entries before its end were handed out, and none at or behind it. A range delete may come in
     * several pieces.
     */
    void add(Fragment fragment) throws IOException;
}
