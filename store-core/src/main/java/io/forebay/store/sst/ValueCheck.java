package io.forebay.store.sst;

/** Checks the values that an SST refers to, for {@link SstVerifier}. Used by one thread. */
@FunctionalInterface
public interface ValueCheck {
    /** Checks nothing. */
    ValueCheck NONE = (file, offset, length) -> {};

    /**
     * Reads a value, and reports it if it is not there or not what was written.
     *
     * @param file place in the list of value files of the SST, which has one there
     */
    void check(int file, long offset, int length);
}
