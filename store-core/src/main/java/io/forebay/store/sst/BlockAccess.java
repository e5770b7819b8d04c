package io.forebay.store.sst;

import io.forebay.store.util.Slab;
import java.io.IOException;

/**
 * How a cursor gets the blocks of one file: one data block at a time, which is valid until the next one or {@link #release}.
 * Each call gets the {@link SstBlocks} to read from, so that a cursor that is not moved keeps none of the metadata of the file
 * in memory. Used by one thread.
 */
abstract class BlockAccess {
    /** The data block: {@code slab[at, at + length)}, without trailer. */
    Slab slab;

    int at;
    int length;
    /**
     * True when the data block must not stay in memory while the cursor stands still: a cursor that has moved to its only entry
     * calls {@link #release} before the move returns.
     */
    boolean isBrief;

    /** The first data block of a partition that may have keys at or after {@code key}. The partition must have such a block. */
    abstract int find(SstBlocks blocks, int partition, byte[] key, int offset, int keyLength) throws IOException;

    /** Releases the data block and gets another one. */
    abstract void data(SstBlocks blocks, int dataBlock) throws IOException;

    /** Releases the data block. Idempotent. */
    abstract void release();

    /** Gives back all memory. Idempotent. */
    abstract void close();
}
