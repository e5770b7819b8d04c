package io.forebay.store.iter;

import io.forebay.store.rangedel.Fragment;
import java.io.IOException;

/** Gets the range deletes that a flush or compaction keeps. Used by one thread. */
@FunctionalInterface
public interface TombstoneSink {
    /**
     * Takes the next range delete in key order. All entries before its end were passed on before, and none at or after its end.
     * A range delete may come in several pieces.
     */
    void add(Fragment fragment) throws IOException;
}
