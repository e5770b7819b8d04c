/**
 * Filters, which tell that a file does not have a key without a read of its data blocks.
 *
 * <p>In: hashes of keys ({@link io.forebay.store.key.KeyHash}). Out: lines of 64 bytes, which
 * {@link io.forebay.store.sst.filter.BlockedBloom} tests in place in a cached block. This package knows nothing of files:
 * {@code sst} divides the lines into blocks. Static methods are thread-safe, builders belong to one thread. Invariant: never a
 * false negative.
 */
package io.forebay.store.sst.filter;
