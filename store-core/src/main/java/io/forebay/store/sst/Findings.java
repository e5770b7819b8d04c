package io.forebay.store.sst;

import io.forebay.store.CorruptionException;

/** Hears of everything in a file that is not as it should be. */
public interface Findings {
    /**
     * @param offset in the file, or -1 when it has no single place
     * @param expected what should have been there, for people
     * @param found what was there, for people
     */
    void add(long offset, String expected, String found);

    default void add(CorruptionException corruption) {
        add(corruption.offset(), corruption.expected(), corruption.found());
    }
}
