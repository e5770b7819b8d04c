/**
 * Filters that say "this key is not here" without touching its block.
 *
 * <p>In come hashes of keys ({@link io.forebay.store.key.KeyHash}); out come lines of 64 bytes that {@link
 * io.forebay.store.sst.filter.BlockedBloom} tests where they lie in a cached block. A filter knows nothing of files: the
 * SST cuts the lines into blocks. Static methods are thread-safe, builders belong to one thread. Invariant: never a false
 * negative.
 */
package io.forebay.store.sst.filter;
