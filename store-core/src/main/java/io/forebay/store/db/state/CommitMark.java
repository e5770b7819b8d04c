package io.forebay.store.db.state;

/**
 * A point in the sequence of writes that the caller has committed, with its payload.
 *
 * @param sequence last write that the commit covers; 0 for the state before the first write
 * @param payload never null, never changed
 * @param number counts the commits since the store was opened; the recovered commit has number 0
 * @param nanos when the commit was made, by the clock of the environment
 */
public record CommitMark(long sequence, byte[] payload, long number, long nanos) {}
