package io.forebay.store;

/**
 * What survives when a write has returned. Above {@link #NONE} a store keeps a write-ahead log: a reopen gives a prefix of
 * all writes that holds every one that was acknowledged, with the payload of the last commit in this prefix.
 */
public enum Durability {
    /**
     * No log. A crash takes a store back to its last durable commit. For stores that can be made again from elsewhere, as
     * those of a stream processor; the fastest, and the default.
     */
    NONE,

    /**
     * A write has been handed to the operating system when its call returns: it survives a killed process. Power loss may
     * take writes since the last {@link Store#sync()} or {@link Store#commitDurably}, the newest ones first, and none out of
     * the middle.
     */
    BUFFERED,

    /**
     * A write has been synced when its call returns: it survives power loss. One sync serves all threads that wait for it, so
     * several writing threads are much faster than one; so are batches.
     */
    SYNCED
}
