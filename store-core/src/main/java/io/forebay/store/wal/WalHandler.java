package io.forebay.store.wal;

import io.forebay.store.WriteBatch;

/** Receives what a recovery finds, in the order in which it was written. */
public interface WalHandler {
    /**
     * @param firstSequence sequence number of the first write of the batch; the others follow
     * @param batch one write or more, which took effect together; valid during the call
     */
    void write(long firstSequence, WriteBatch batch);

    void commit(long sequence, byte[] payload);

    /** Asked between records; true ends the reading early. */
    default boolean isStopped() {
        return false;
    }
}
