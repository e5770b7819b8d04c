package io.forebay.store;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A file being written by one thread, from front to back. */
public interface WritableFile extends AutoCloseable {
    /** Appends all remaining bytes. */
    void append(ByteBuffer bytes) throws IOException;

    /** Bytes appended so far. */
    long position();

    /** Makes all bytes so far durable. A failed sync must not be tried again on the same file. */
    void sync() throws IOException;

    /** Ends the file; it can be opened for reading. Does not sync. Idempotent. */
    @Override
    void close() throws IOException;
}
