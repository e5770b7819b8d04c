/**
 * SSTs: sorted files that flush, compaction and ingest write once, and that reads, scans and compactions read.
 *
 * <p>In: entries in internal order and fragments of range deletes ({@link io.forebay.store.sst.SstWriter}). Out: answers to
 * point reads, cursors and range deletes ({@link io.forebay.store.sst.SstReader}), and a summary of the file
 * ({@link io.forebay.store.sst.SstProperties}). The bytes are described, with a picture, in
 * {@link io.forebay.store.sst.SstFormat} and docs/format/sst.md.
 *
 * <p>A writer and each cursor belong to one thread; a reader is shared by any number of them. A finished file never changes.
 * Invariants: every byte of a file is covered by a checksum that is verified before the byte is used; blocks that enter memory
 * are validated once; the memory of a reader is accounted for as {@link io.forebay.store.cache.SlabPool.Use#SST_READER}, all
 * else is cached blocks.
 */
package io.forebay.store.sst;
