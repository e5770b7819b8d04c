package io.forebay.store;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A finished file, read at positions. Thread-safe. An interrupt of a reading thread does not break the file, and stays
 * set.
 */
public interface ReadableFile extends AutoCloseable {
    /** Length in bytes. */
    long size() throws IOException;

    /**
     * Fills {@code into} from {@code position} on.
     *
     * @throws java.io.EOFException when the file ends before {@code into} is full
     */
    void read(long position, ByteBuffer into) throws IOException;

    @Override
    void close() throws IOException;
}
