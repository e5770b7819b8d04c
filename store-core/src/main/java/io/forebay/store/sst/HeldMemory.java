package io.forebay.store.sst;

import io.forebay.store.cache.SlabPool;

/**
 * Where writers count what they hold back of a file, see {@link SstWriter}. Immutable, thread-safe.
 *
 * @param pool has the budget
 * @param use whose memory it is
 */
public record HeldMemory(SlabPool pool, SlabPool.Use use) {}
