package io.forebay.store.io;

import io.forebay.store.WritableFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file that is made durable piece by piece while it is written, so that the device works beside the writer and the sync at the
 * end has little to wait for. As {@code bytes_per_sync} of RocksDB. Used by one writer.
 */
public final class EarlySyncFile implements WritableFile {
    /** The device gets so much at a time: a sync of less costs more than it saves. */
    private static final long STEP_BYTES = 4 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(EarlySyncFile.class);

    private final WritableFile file;
    private final Executor executor;
    private long started;

    /**
     * @param file belongs to this one from now on
     * @param executor does the syncs; when it refuses one, the file goes on without
     */
    public EarlySyncFile(WritableFile file, Executor executor) {
        this.file = file;
        this.executor = executor;
    }

    @Override
    public void append(ByteBuffer bytes) throws IOException {
        file.append(bytes);
        long position = file.position();
        if (position - started >= STEP_BYTES) {
            started = position;
            startSync();
        }
    }

    private void startSync() {
        try {
            file.startSync(executor);
        } catch (RuntimeException | Error e) { // of the executor; the system may have no more threads
            LOG.debug("An early sync of {} was refused; the sync at its end does it all", file, e);
        }
    }

    @Override
    public long position() {
        return file.position();
    }

    @Override
    public void startSync(Executor other) {
        file.startSync(other);
    }

    @Override
    public void sync() throws IOException {
        file.sync();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    @Override
    public String toString() {
        return file.toString();
    }
}
