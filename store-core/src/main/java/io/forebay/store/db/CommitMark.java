package io.forebay.store.db;

/**
 * A point in the sequence of writes that the caller committed, and the bytes that belong to it.
 *
 * @param sequence last write that the commit covers; 0 for the state before the first write
 * @param payload never null, never changed
 * @param number counts the commits since the store was opened; the recovered one is 0
 * @param nanos when it was made, by the clock of the environment
 */
record CommitMark(long sequence, byte[] payload, long number, long nanos) {}
