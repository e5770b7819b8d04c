package io.forebay.store.util;

import io.forebay.store.FileStore;
import io.forebay.store.ReadableFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file that is open for one reading, for a try statement with resources. A failure of the close is logged and goes no further: what
 * was to be read was read, or the failure of the read counts. Used by one thread.
 */
public final class ScopedRead implements ReadableFile {
    private static final Logger LOG = LoggerFactory.getLogger(ScopedRead.class);

    private final ReadableFile file;
    private final FileStore files;
    private final String name;

    private ScopedRead(ReadableFile file, FileStore files, String name) {
        this.file = file;
        this.files = files;
        this.name = name;
    }

    /**
     * The caller closes it.
     *
     * @throws IOException when the file store cannot open it
     */
    public static ScopedRead open(FileStore files, String name) throws IOException {
        return new ScopedRead(files.open(name), files, name);
    }

    @Override
    public long size() throws IOException {
        return file.size();
    }

    @Override
    public void read(long position, ByteBuffer into) throws IOException {
        file.read(position, into);
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException | RuntimeException e) {
            LOG.warn("Closing {} in {}, which was read, failed", name, files.describe(), e);
        }
    }
}
