/**
 * Cursors over several sources at once. In go {@link io.forebay.store.key.InternalIterator}s with the range deletes that
 * belong to them, newest first ({@link io.forebay.store.iter.Source}); out come the entries of one state.
 *
 * <p>{@link io.forebay.store.iter.MergingIterator} merges and leaves out what range deletes cover; {@link
 * io.forebay.store.iter.UserIterator} shows what a user sees at one sequence number; {@link
 * io.forebay.store.iter.RetentionIterator} shows what flush and compaction must keep so that no state changes.
 *
 * <p>Invariants that all of it leans on: for one key, a newer source holds only newer entries and range deletes than an
 * older one; sequence numbers are unique; the sources do not change in what they show at or below the limit. Every cursor
 * is used by one thread, and closing it closes the cursors it was made of.
 */
package io.forebay.store.iter;
