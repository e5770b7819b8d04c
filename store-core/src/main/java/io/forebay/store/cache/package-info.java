/**
 * The memory of an environment, and the block cache, which uses what is left of it.
 *
 * <p>{@link io.forebay.store.cache.SlabPool} hands out slabs under one hard budget to memtables, the block cache and readers of
 * SSTs; for the others the cache gives memory back. {@link io.forebay.store.cache.BlockCache} keeps blocks of files in slabs of
 * the pool, found through an array per file ({@link io.forebay.store.cache.BlockSlots}), pinned while they are read.
 *
 * <p>All types are thread-safe. Invariants: the bytes handed out never exceed the budget; a block's bytes do not change while
 * it is pinned; a hit takes no lock and allocates nothing. Locks are taken in the order cache, pool.
 */
package io.forebay.store.cache;
