package io.forebay.store.io;

import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;

/** An open file that is only used for syncs. It is not a channel, because an interrupt would close that. */
interface SyncHandle extends Closeable {
    /** Opens existing files. Tests replace it for a file system of their own. */
    interface Opener {
        SyncHandle open(Path path) throws IOException;
    }

    /** The bytes of the file are durable on return. */
    void sync() throws IOException;

    static SyncHandle open(Path path) throws IOException {
        RandomAccessFile file = file(path);
        return new SyncHandle() {
            @Override
            public void sync() throws IOException {
                file.getFD().sync();
            }

            @Override
            public void close() throws IOException {
                file.close();
            }
        };
    }

    /**
     * Opens the file for writing, because some systems sync nothing else; a file that must not be written, as one of a backup,
     * for reading.
     */
    private static RandomAccessFile file(Path path) throws IOException {
        return new RandomAccessFile(path.toFile(), Files.isWritable(path) ? "rw" : "r");
    }
}
