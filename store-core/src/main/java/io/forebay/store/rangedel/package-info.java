/**
 * Range deletes: one entry that deletes a whole span of keys.
 *
 * <p>In: range deletes that overlap in any way, each with a sequence number. Out:
 * {@link io.forebay.store.rangedel.RangeTombstones}, the same deletes as fragments that do not overlap, in key order. One
 * binary search finds the deletes over a key, and a scan can seek to the end of a deleted span.
 *
 * <p>Threads: everything is immutable, except that {@link io.forebay.store.rangedel.Fragmenter} and
 * {@link io.forebay.store.rangedel.FragmentCursor}s are used by one thread each.
 *
 * <p>Invariants: ranges are half-open, a null end is the end of the key space; the sequences of a fragment are distinct, newest
 * first, and at least one; a version of a key is deleted by a range delete if and only if the sequence of the range delete is
 * higher.
 */
package io.forebay.store.rangedel;
