package io.forebay.store;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A finished file, read at positions. Thread-safe; an interrupt of a reading thread neither breaks it nor is lost. */
public interface ReadableFile extends AutoCloseable {
    /** Length in bytes. */
    long size() throws IOException;

    /** Fills {@code into} from {@code position}; {@link java.io.EOFException} if the file ends before it is full. */
    void read(long position, ByteBuffer into) throws IOException;

    @Override
    void close() throws IOException;
}
