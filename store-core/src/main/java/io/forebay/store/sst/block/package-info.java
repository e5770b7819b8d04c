/**
 * Blocks of sorted entries, which are searched in place.
 *
 * <p>In: entries in internal order ({@link io.forebay.store.sst.block.BlockBuilder}); for reads, a slab with the bytes of a
 * block that {@link io.forebay.store.sst.block.BlockTrailer} and {@link io.forebay.store.sst.block.BlockValidator} have
 * accepted. Out: positions and entries: {@link io.forebay.store.sst.block.BlockSearch} for point reads,
 * {@link io.forebay.store.sst.block.BlockIterator} for cursors. Only the entry of a position is decoded, and only keys are
 * copied.
 *
 * <p>The static methods are thread-safe; builders and cursors belong to one thread. Invariant: code that reads a validated
 * block needs no further checks, because validation has proved every offset and length in it. The bytes are described in
 * {@link io.forebay.store.sst.block.BlockFormat} and docs/format/sst.md.
 */
package io.forebay.store.sst.block;
