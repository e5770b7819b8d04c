/**
 * Keeps the number of sorted runs and the garbage in them small. A picker, a pure function of a version, proposes a
 * {@code Compaction}; a job carries it out and returns the edit of its result. Tiers are merged with neighbours of similar
 * size; the bottom is one leveled run. Files that overlap nothing older are moved down by an edit alone, and files that a range
 * delete hides are dropped by an edit alone.
 *
 * <p>Invariants: for every key a newer run has newer entries; a compaction never mixes files that a durable commit covers with
 * files that it does not cover; no file is in two compactions at once.
 */
package io.forebay.store.compaction;
