package io.forebay.store;

/**
 * What survives a crash once a write has returned. With {@link #BUFFERED} and {@link #SYNCED} a store keeps a
 * write-ahead log. Then a reopen gives a prefix of all writes. The prefix holds every write that was acknowledged, and
 * has the payload of the last commit in it.
 */
public enum Durability {
    /**
     * No log, the default and the fastest. A crash takes the store back to its last durable commit. For stores that can
     * be rebuilt from elsewhere, like those of a stream processor.
     */
    NONE,

    /**
     * A write has been handed to the operating system when its call returns, so it survives a killed process. Power
     * loss may take writes since the last {@link Store#sync()} or {@link Store#commitDurably}: the newest ones first,
     * never some from the middle.
     */
    BUFFERED,

    /**
     * A write has been synced when its call returns, so it survives power loss. One sync serves all threads that wait
     * for it, so several writing threads are much faster than one thread, and batches are much faster than single
     * writes.
     */
    SYNCED
}
