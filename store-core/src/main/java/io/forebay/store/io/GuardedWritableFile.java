package io.forebay.store.io;

import static io.forebay.store.io.GuardedFileStore.WHAT;

import io.forebay.store.WritableFile;
import io.forebay.store.util.Callbacks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.Executor;

/** A file that a {@link GuardedFileStore} has created. Used by one thread. */
final class GuardedWritableFile implements WritableFile {
    private final WritableFile file;

    private GuardedWritableFile(WritableFile file) {
        this.file = file;
    }

    /** @param file null for null, as the file store gave it */
    static WritableFile of(WritableFile file) {
        boolean own = file == null || file instanceof LocalWritableFile || file instanceof MemoryFileStore.Writer;
        return own ? file : new GuardedWritableFile(file);
    }

    @Override
    public void append(ByteBuffer bytes) throws IOException {
        Callbacks.enter(WHAT, null);
        try {
            file.append(bytes);
        } finally {
            Callbacks.leave();
        }
    }

    @Override
    public long position() {
        Callbacks.enter(WHAT, null);
        try {
            return file.position();
        } finally {
            Callbacks.leave();
        }
    }

    @Override
    public void sync() throws IOException {
        Callbacks.enter(WHAT, null);
        try {
            file.sync();
        } finally {
            Callbacks.leave();
        }
    }

    /** What the file store runs on a thread of {@code executor} is noted there. */
    @Override
    public void startSync(Executor executor) {
        Callbacks.enter(WHAT, null);
        try {
            file.startSync(work -> executor.execute(() -> run(work)));
        } finally {
            Callbacks.leave();
        }
    }

    private static void run(Runnable work) {
        Callbacks.enter(WHAT, null);
        try {
            work.run();
        } finally {
            Callbacks.leave();
        }
    }

    /** Also when there is no memory to note it. */
    @Override
    public void close() throws IOException {
        boolean noted = Callbacks.tryEnter(WHAT);
        try {
            file.close();
        } finally {
            if (noted) {
                Callbacks.leave();
            }
        }
    }

    @Override
    public String toString() {
        Callbacks.enter(WHAT, null);
        try {
            return file.toString();
        } finally {
            Callbacks.leave();
        }
    }
}
