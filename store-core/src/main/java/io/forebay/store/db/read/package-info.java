/**
 * The way of a read: a limit (the newest sequence number that the read may see), a read state, and the sources of that
 * state from the newest to the oldest.
 *
 * <p>{@code ReadPath} answers point reads and opens iterators, {@code MultiGet} reads many keys at one moment; {@code
 * SourceSearch} asks the sources for both. {@code StoreIteratorImpl} is an iterator of a user, whose cursors {@code
 * PinnedCursors} has, {@code SnapshotImpl} a snapshot; {@code Claims} makes the claims of both. Any number of threads read
 * at the same time; point reads take no lock. An iterator belongs to one thread at a time.
 */
package io.forebay.store.db.read;
