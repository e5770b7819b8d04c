package io.forebay.store.io;

import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;

/** An open file for nothing but syncs. No channel: an interrupt would close it. */
interface SyncHandle extends Closeable {
    /** Opens files that are there; replaced in tests by one for a file system of theirs. */
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

    /** For writing, because some systems sync nothing else; a file that must not be written, as of a backup, for reading. */
    private static RandomAccessFile file(Path path) throws IOException {
        return new RandomAccessFile(path.toFile(), Files.isWritable(path) ? "rw" : "r");
    }
}
