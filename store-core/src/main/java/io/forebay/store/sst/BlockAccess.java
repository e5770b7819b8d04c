package io.forebay.store.sst;

import io.forebay.store.util.Slab;
import java.io.IOException;

/**
 * How a cursor gets at the blocks of one file: one data block at a time, which stays until the next one or {@link #release}.
 * What it reads from is given anew each time, so that a cursor that nobody moves keeps none of the file's metadata in memory.
 */
abstract class BlockAccess {
    /** The data block: {@code slab[at, at + length)}, without trailer. */
    Slab slab;

    int at;
    int length;

    /** The first data block of a partition that may hold keys at or after {@code key}; the partition has one. */
    abstract int find(SstBlocks blocks, int partition, byte[] key, int offset, int keyLength) throws IOException;

    /** Lets go of the data block and gets another one. */
    abstract void data(SstBlocks blocks, int dataBlock) throws IOException;

    /** Lets go of the data block. Idempotent. */
    abstract void release();

    /** Gives back all memory. Idempotent. */
    abstract void close();
}
