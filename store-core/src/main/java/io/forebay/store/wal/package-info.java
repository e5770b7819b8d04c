/**
 * The write-ahead log of a store that is used on its own: what was written since the last flush, in files.
 *
 * <p>What enters: writes and commits with their sequence numbers, in order. What leaves: log files, one for each memtable;
 * after a crash the same writes, up to the last one that reached the disk whole. Damage anywhere before that, a missing log
 * or one of another store is a {@link io.forebay.store.CorruptionException}.
 *
 * <p><b>Threads.</b> {@code WriteAheadLog} is thread-safe; encoding is for one thread at a time, waiting for any number. Nothing
 * else here is shared.
 *
 * <p><b>Invariants.</b> A log is synced as a whole before the next one is begun, and its name is durable before it is written
 * to; behind a log that failed the next one is begun when the durable manifest keeps all that the failed one may lack. A log is
 * deleted when a durable manifest says that all it holds is in files. A file whose sync failed is not written again.
 * docs/format/wal.md describes the bytes.
 */
package io.forebay.store.wal;
