/**
 * Cursors over several sources at once. In: {@link io.forebay.store.key.InternalIterator}s with the range deletes that belong
 * to them, newest first ({@link io.forebay.store.iter.Source}). Out: the entries of one state.
 *
 * <p>{@link io.forebay.store.iter.MergingIterator} merges and leaves out entries that range deletes cover;
 * {@link io.forebay.store.iter.UserIterator} shows what a user sees at one sequence number;
 * {@link io.forebay.store.iter.RetentionIterator} shows what a flush or compaction must keep so that no read gets another
 * result.
 *
 * <p>Invariants that the package relies on: for one key, a newer source has only newer entries and range deletes than an older
 * source; sequence numbers are unique; what the sources show at or below the limit does not change. Every cursor is used by one
 * thread, and its close closes the cursors that it was made of.
 */
package io.forebay.store.iter;
