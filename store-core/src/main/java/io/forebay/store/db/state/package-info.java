/**
 * What the reading, the writing and the background side of an open store share.
 *
 * <p>{@code StoreContext} has the parts of one store, {@code EngineResources} those of its environment. {@code
 * ActiveMemtable} is the memtable that takes writes, with the sequence numbers that were assigned and published. {@code
 * ReadStates} gives out read states: the active memtable, the immutable ones and a version, kept together while a
 * reader uses them. {@code SnapshotList} has the claims of readers, {@code CommitTracker} the commits, {@code
 * MemoryArbiter} the stores that can give memory back, each as a {@code MemtableTenant}. {@code CompactionOrder} says which of the stores gets a thread to compact. {@code Lifecycle} says whether the store is open, failed or
 * closed.
 *
 * <p>Nothing here starts a job or does I/O. {@code WriterGate} is the lock of all changes to the active memtable; each
 * class marks its fields with their guards.
 */
package io.forebay.store.db.state;
