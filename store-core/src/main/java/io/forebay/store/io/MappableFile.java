package io.forebay.store.io;

import io.forebay.store.ReadableFile;
import java.io.IOException;

/** A file of a file store that may be read in place as well, where it lies in memory. Thread-safe. */
public interface MappableFile extends ReadableFile {
    /** False when this file can be read with {@link #read} only. */
    boolean isMappable();

    /**
     * Maps the whole file, which {@link #isMappable}. The caller closes the mapping, which does not need this file to stay open.
     *
     * @throws MappingRefusedException when no other file could be mapped either
     * @throws IOException when this one could not, now
     */
    FileMapping map() throws IOException;
}
