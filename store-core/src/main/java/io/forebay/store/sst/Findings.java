package io.forebay.store.sst;

import io.forebay.store.CorruptionException;

/** Gets everything in a file that is not as it should be. */
public interface Findings {
    /**
     * @param offset in the file, or -1 when the finding has no single place
     * @param expected what should be there, as text
     * @param found what is there, as text
     */
    void add(long offset, String expected, String found);

    default void add(CorruptionException corruption) {
        add(corruption.offset(), corruption.expected(), corruption.found());
    }
}
