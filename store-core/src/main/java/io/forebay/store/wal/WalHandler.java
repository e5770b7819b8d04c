package io.forebay.store.wal;

import io.forebay.store.WriteBatch;

/** Takes what a recovery finds, in the order in which it was written. */
public interface WalHandler {
    /**
     * @param firstSequence of the first write of the batch; the others follow
     * @param batch of one write or more, which took effect together; valid during the call
     */
    void write(long firstSequence, WriteBatch batch);

    void commit(long sequence, byte[] payload);

    /** Asked between groups of records, whether the handler takes them or not: true ends the reading before its end. */
    default boolean isStopped() {
        return false;
    }
}
