package io.forebay.store.io;

import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** An open file that is only used for syncs. It is not a channel, because an interrupt would close that. */
interface SyncHandle extends Closeable {
    /** True on macOS: a sync by the descriptor of a file ends at the drive, and a power failure empties the cache of the drive. */
    boolean SYNC_LEAVES_DRIVE_CACHE = System.getProperty("os.name", "").startsWith("Mac");

    /** Opens existing files. Tests replace it for a file system of their own. */
    interface Opener {
        SyncHandle open(Path path) throws IOException;
    }

    /** The bytes of the file are durable on return. */
    void sync() throws IOException;

    /**
     * Hands the bytes of the file to the drive, which is all of a sync or most of it. An error is reported once, by this or by
     * {@link #sync()}.
     */
    void writeBack() throws IOException;

    /** Brings to the medium what the operating system has only handed to the drive; replaced in tests by one that takes notes. */
    interface DriveFlush {
        void flush(Path path) throws IOException;
    }

    static SyncHandle open(Path path) throws IOException {
        return open(path, SYNC_LEAVES_DRIVE_CACHE ? SyncHandle::flushDrive : synced -> {});
    }

    static SyncHandle open(Path path, DriveFlush drive) throws IOException {
        RandomAccessFile file = file(path);
        return new SyncHandle() {
            @Override
            public void sync() throws IOException {
                writeBack(); // first, because this handle is the one that hears of write errors
                drive.flush(path);
            }

            @Override
            public void writeBack() throws IOException {
                file.getFD().sync();
            }

            @Override
            public void close() throws IOException {
                file.close();
            }
        };
    }

    /**
     * Empties the cache of the drive on macOS, which a channel does and a descriptor does not. An interrupt closes the channel, so
     * the call is repeated then.
     */
    static void flushDrive(Path path) throws IOException {
        Interrupts.shield(() -> {
            try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
                channel.force(true);
            }
        });
    }

    /**
     * Opens the file for writing, because some systems sync nothing else; a file that must not be written, as one of a backup,
     * for reading.
     */
    private static RandomAccessFile file(Path path) throws IOException {
        return new RandomAccessFile(path.toFile(), Files.isWritable(path) ? "rw" : "r");
    }
}
