package io.forebay.store.sst;

import io.forebay.store.util.Slab;
import java.io.IOException;

/** How a cursor gets at blocks: one data block at a time, which stays until the next one or {@link #release}. */
abstract class BlockAccess {
    /** The data block: {@code slab[at, at + length)}, without trailer. */
    Slab slab;

    int at;
    int length;

    /** The first data block of a partition that may hold keys at or after {@code key}; the partition has one. */
    abstract int find(int partition, byte[] key, int offset, int keyLength) throws IOException;

    /** Lets go of the data block and gets another one. */
    abstract void data(int dataBlock) throws IOException;

    /** Lets go of the data block. Idempotent. */
    abstract void release();

    /** Gives back all memory. Idempotent. */
    abstract void close();
}
