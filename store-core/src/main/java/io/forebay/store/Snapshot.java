package io.forebay.store;

/**
 * A fixed state of a store, for reads from any thread. It keeps old versions of keys until it is closed; the caller
 * closes it. Later writes do not change it. It cannot be used after its store is closed.
 */
public interface Snapshot extends ReadView, AutoCloseable {
    /** Sequence number of the last write that this snapshot sees. */
    long sequence();

    /** Ends the snapshot. Idempotent. Iterators that were opened from it stay valid until they are closed themselves. */
    @Override
    void close();
}
