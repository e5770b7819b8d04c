/**
 * An open store, put together. This package has the engine of an {@link io.forebay.store.Environment} ({@code
 * Engine}), the opening and the end of a store ({@code StoreOpener}, {@code WalOpener}, {@code StoreCloser}), the
 * object that users have ({@code StoreImpl}), and the one place where the parts are wired ({@code StoreParts}). It
 * decides nothing about a write, a read or a job.
 *
 * <p>The parts, from top to bottom; each package uses only those below it:
 *
 * <pre>
 *   db               open, close, wiring, ingest, statistics
 *   db.background    flush, compaction, commit, checkpoint, installation of their results, repair after an error
 *   db.write         the write protocol, batches, the write-ahead log, write stalls
 *   db.read          point reads, iterators, snapshots
 *   db.state         what all of them share: the active memtable, read states, claims, the gate, the memory arbiter
 * </pre>
 *
 * <p><b>Threads.</b> The {@code WriterGate} admits one thread at a time. Writers pass it, and all threads that freeze
 * the memtable or claim a state. No I/O is done inside the gate, with one exception: an ingest that becomes visible.
 * Point reads take no lock. docs/threads.md has all locks, their order, and what is done under each of them.
 *
 * <p><b>Invariants.</b>
 *
 * <ul>
 *   <li>A read state is complete: every write up to the limit of a reader is in one of its sources.
 *   <li>Flushes are installed in the order of the writes.
 *   <li>A commit is durable exactly when the manifest has it and all files up to it are there, or when a synced log has
 *       it.
 *   <li>A version of a key that a claim or the newest commit needs is neither overwritten in place nor left out of a
 *       file.
 *   <li>After a failure of background work that needs a repair, the store takes no write until {@code
 *       BackgroundErrorHandler} has made the repair.
 * </ul>
 */
package io.forebay.store.db;
