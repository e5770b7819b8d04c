/**
 * The write-ahead log of a store that is used on its own: the writes since the last flush, in files.
 *
 * <p>In: writes and commits with their sequence numbers, in order. Out: log files, one for each memtable; after a crash
 * the same writes, up to the last one that reached the disk as a whole. Damage before that place, a missing log, or one
 * of another store is a {@link io.forebay.store.CorruptionException}.
 *
 * <p><b>Threads.</b> {@code WriteAheadLog} is thread-safe: one thread at a time encodes into its {@code CommitGroups}, any
 * number of threads wait, and one of them leads: it writes the groups to the {@code WalFiles}. {@code LiveLogs} has the
 * files that were not deleted. Nothing else here is shared.
 *
 * <p><b>Invariants.</b> A log file is synced as a whole before the next one is started, and its name is durable before
 * it is written to. After a log file that failed, the next one is started when the durable manifest keeps all that the
 * failed file may lack. A log file is deleted when a durable manifest says that all its writes are in files. A file
 * whose sync failed is not written again. docs/format/wal.md describes the bytes.
 */
package io.forebay.store.wal;
