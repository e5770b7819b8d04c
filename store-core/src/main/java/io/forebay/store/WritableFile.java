package io.forebay.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.Executor;

/** A file that one thread writes, from front to back. No argument may be null. */
public interface WritableFile extends AutoCloseable {
    /** Appends all remaining bytes. */
    void append(ByteBuffer bytes) throws IOException;

    /** Bytes appended so far. */
    long position();

    /** Makes all bytes so far durable. After a failed sync the caller must not sync the same file again. */
    void sync() throws IOException;

    /**
     * Begins to make the bytes so far durable, on a thread of {@code executor}, while the caller goes on appending: the next
     * {@link #sync()} has less to wait for. A hint, and this method does nothing. An implementation may start one such sync at a
     * time and leave others out; {@link #sync()} and {@link #close()} wait for one that runs, do not wait for one that has not
     * started, and an error of it is thrown by {@link #sync()}.
     *
     * @throws java.util.concurrent.RejectedExecutionException or another exception of {@code executor}; nothing was begun
     */
    default void startSync(Executor executor) {}

    /** Ends the file; after that it can be opened for reading. Does not sync. Idempotent. */
    @Override
    void close() throws IOException;
}
