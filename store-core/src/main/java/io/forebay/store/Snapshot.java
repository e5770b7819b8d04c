package io.forebay.store;

/** A fixed state of a store, for reads from any thread. Holds old versions of entries until closed. Survives later writes, not the close of the store. */
public interface Snapshot extends ReadView, AutoCloseable {
    /** Sequence number of the last write that this snapshot sees. */
    long sequence();

    /** Idempotent; iterators that were opened from it stay valid until they are closed themselves. */
    @Override
    void close();
}
