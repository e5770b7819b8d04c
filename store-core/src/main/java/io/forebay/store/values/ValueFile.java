package io.forebay.store.values;

import io.forebay.store.ValueBuffer;
import java.io.IOException;

/** A value file that an SST refers to, for reads. Thread-safe. */
public interface ValueFile {
    /** For an SST that has all its values. */
    ValueFile[] NONE = {};

    /**
     * Reads a value.
     *
     * @param into gets it; its content is lost when this throws
     * @throws io.forebay.store.CorruptionException when there is no such value in the file, or it is not what was written
     */
    void read(long offset, int length, ValueBuffer into) throws IOException;

    /** What an SST has in this file whose values take {@code bytes} in it. */
    ValueShare share(long bytes);

    /** How many bytes a value of {@code length} takes in this file. */
    long storedBytes(int length);
}
