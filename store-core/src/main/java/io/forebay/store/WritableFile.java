package io.forebay.store;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A file that one thread writes, from front to back. No argument may be null. */
public interface WritableFile extends AutoCloseable {
    /** Appends all remaining bytes. */
    void append(ByteBuffer bytes) throws IOException;

    /** Bytes appended so far. */
    long position();

    /** Makes all bytes so far durable. After a failed sync the caller must not sync the same file again. */
    void sync() throws IOException;

    /** Ends the file; after that it can be opened for reading. Does not sync. Idempotent. */
    @Override
    void close() throws IOException;
}
