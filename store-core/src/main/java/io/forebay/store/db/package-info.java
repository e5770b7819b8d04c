/**
 * The engine at work: what turns memtables, versions, flushes and compactions into a store. In come the calls of the public
 * API; out go background jobs, edits of the manifest, and reads of one consistent state.
 *
 * <p>The way of a write is {@code WritePath}: gate, sequence number, memtable, publication. The way of a read is {@code
 * ReadPath}: read state, limit, sources newest first. {@code CommitPath} marks commits, {@code FlushScheduler} and {@code
 * CompactionScheduler} do the background work, {@code Installer} makes its results visible, {@code StoreOpener},
 * {@code LogOpener} and {@code StoreCloser} are the beginning and the end, {@code Recovery} repairs what failed.
 *
 * <p><b>Threads.</b> The writer and everybody who freezes the memtable or claims a state pass the {@code WriterGate}, one at
 * a time, without I/O inside (an ingest that becomes visible is the exception). Point reads pass no lock. Locks are taken in
 * this order: gate, {@code Installer}, {@code Checkpoints}, {@code ReadStates}, {@code SnapshotList} or {@code
 * MemoryArbiter}. No lock but the {@code Installer}'s is held during I/O.
 *
 * <p><b>Invariants.</b> A read state is complete: every write up to the limit of a reader is in one of its sources. Flushes
 * are installed in the order of the writes. A commit is durable exactly when the manifest says so, with all files up to it,
 * or when a synced log holds it. A version that a claim, or the newest commit, needs is neither overwritten in place nor
 * left out of a file. After a failure of background work that needs a repair no write is taken until {@code Recovery} has
 * made it.
 */
package io.forebay.store.db;
