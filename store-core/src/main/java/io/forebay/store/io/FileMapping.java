package io.forebay.store.io;

import io.forebay.store.util.Slab;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;

/**
 * A whole file in memory, to be read where it lies. Of a local file these are the pages of the page cache, which are not of the
 * memory budget. Thread-safe.
 *
 * <p>It does not count who reads in it: it belongs to a {@link PooledFile}, which unmaps it when nobody has a reference to the
 * file any more. A read after that would throw an {@link IllegalStateException}, since the buffer knows that its memory is gone.
 *
 * <p>When the disk does not deliver a page, or somebody has truncated the file, the JVM throws an {@link InternalError} to the
 * thread that reads, see {@link io.forebay.store.util.PendingErrors}. That holds for loads and for copies, and not for
 * intrinsics that read buffers: a checksum or a vectorised comparison over a mapping would end the process. So blocks are
 * verified in a copy that was read from the file, and {@link Slab} has no such method.
 */
public class FileMapping {
    private final ByteBuffer bytes;
    private final Slab slab;
    private final AutoCloseable memory;

    /**
     * @param bytes the whole file
     * @param memory its close unmaps the file
     */
    public FileMapping(ByteBuffer bytes, AutoCloseable memory) {
        this.bytes = bytes;
        this.slab = new Slab(bytes);
        this.memory = memory;
    }

    /** The bytes of the file, from its first on. */
    public final Slab slab() {
        return slab;
    }

    /**
     * Whether the pages of {@code [at, at + length)} are in memory now, so that a load from them does not wait for the disk. Costs
     * a system call.
     *
     * @throws IOException when the system does not say, as in some sandboxes: the JDK throws it without declaring it
     */
    public boolean isResident(int at, int length) throws IOException {
        return !(bytes instanceof MappedByteBuffer mapped)
                || mapped.slice(at, length).isLoaded();
    }

    /**
     * The exception for a load from a page that the system did not deliver.
     *
     * @param names of the files that may be concerned
     */
    public static IOException unreadable(Iterable<String> names, InternalError fault) {
        return new IOException(
                "The memory of a mapped file could not be read, because its disk failed or the file was truncated: "
                        + String.join(", ", names),
                fault);
    }

    final int bytes() {
        return slab.capacity();
    }

    /** Unmaps the file. Called once. The JVM makes sure that no thread is in a load from it, so this takes a while. */
    final void close() {
        close(memory);
    }

    static void close(AutoCloseable memory) {
        try {
            memory.close();
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
