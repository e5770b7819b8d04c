/**
 * Range deletes: one entry that deletes a whole span of keys.
 *
 * <p>In: range deletes that overlap in any way, each with a sequence number. Out: {@link
 * io.forebay.store.rangedel.RangeTombstones}, the same deletes cut into fragments that do not overlap, in key order, so
 * that one binary search answers which deletes lie over a key, and a scan can seek to the end of a deleted span.
 *
 * <p>Threads: everything but the {@link io.forebay.store.rangedel.Fragmenter} is immutable and shared freely.
 *
 * <p>Invariants: ranges are half-open, a null end is the end of the key space; the sequences of a fragment are distinct,
 * newest first, and never none; a version of a key is deleted by a range delete if and only if the sequence of the range
 * delete is higher.
 */
package io.forebay.store.rangedel;
