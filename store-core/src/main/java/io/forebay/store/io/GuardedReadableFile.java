package io.forebay.store.io;

import static io.forebay.store.io.GuardedFileStore.WHAT;

import io.forebay.store.ReadableFile;
import io.forebay.store.util.Callbacks;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A file that a {@link GuardedFileStore} has opened. Thread-safe. */
class GuardedReadableFile implements ReadableFile {
    private final ReadableFile file;

    private GuardedReadableFile(ReadableFile file) {
        this.file = file;
    }

    /** @param file null for null, as the file store gave it */
    static ReadableFile of(ReadableFile file) {
        if (file == null || file instanceof LocalReadableFile || file instanceof MemoryFileStore.Reader) {
            return file;
        }
        return file instanceof MappableFile mappable ? new Mappable(mappable) : new GuardedReadableFile(file);
    }

    /** The file as the file store gave it. */
    final ReadableFile file() {
        return file;
    }

    @Override
    public long size() throws IOException {
        Callbacks.enter(WHAT, null);
        try {
            return file.size();
        } finally {
            Callbacks.leave();
        }
    }

    @Override
    public void read(long position, ByteBuffer into) throws IOException {
        Callbacks.enter(WHAT, null);
        try {
            file.read(position, into);
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

    /** One that may be mapped. What is read in the mapping calls no code of the user. */
    private static final class Mappable extends GuardedReadableFile implements MappableFile {
        private final MappableFile file;

        Mappable(MappableFile file) {
            super(file);
            this.file = file;
        }

        @Override
        public boolean isMappable() {
            Callbacks.enter(WHAT, null);
            try {
                return file.isMappable();
            } finally {
                Callbacks.leave();
            }
        }

        @Override
        public FileMapping map() throws IOException {
            Callbacks.enter(WHAT, null);
            try {
                return file.map();
            } finally {
                Callbacks.leave();
            }
        }
    }
}
