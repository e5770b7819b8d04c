/**
 * Single entries, as memtables and SSTs have them: the kinds of entries ({@link io.forebay.store.key.ValueKind}), the hash of
 * keys ({@link io.forebay.store.key.KeyHash}), cursors in internal order ({@link io.forebay.store.key.InternalIterator}) and
 * the state of a point read ({@link io.forebay.store.key.PointLookup}).
 *
 * <p>In: keys as bytes, entries of memtables and SSTs. Out: the same entries, newest first for each key.
 *
 * <p>Threads: kinds and hash have no state; a cursor or a point read is used by one thread at a time.
 *
 * <p>Invariants: internal order is the user key ascending by unsigned bytes, then the sequence number descending; kinds and
 * hash are part of the formats on disk and never change within a version.
 */
package io.forebay.store.key;
