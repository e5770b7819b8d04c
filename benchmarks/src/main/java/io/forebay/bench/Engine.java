package io.forebay.bench;

/** A store under test. Keys are ordered as unsigned bytes; one thread uses it. */
interface Engine extends AutoCloseable {
    String name();

    void put(byte[] key, byte[] value);

    /** Null when absent. */
    byte[] get(byte[] key);

    /** Reads up to {@code limit} entries from {@code from} on. @return a sum over keys and values, so that nothing is optimised away */
    long scan(byte[] from, int limit);

    /** Reads all entries backwards. @return as {@link #scan} */
    long scanBackwards();

    /** Writes everything to files and waits for background work. */
    void settle();

    @Override
    void close();
}
