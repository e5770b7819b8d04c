package io.forebay.store.values;

import io.forebay.store.ValueBuffer;
import io.forebay.store.util.Slab;
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

    /** Where the last value ends. */
    long valuesEnd() throws IOException;

    /**
     * Reads a part of the file as it is, for {@link #take}.
     *
     * @param offset of the part, which ends at or before {@link #valuesEnd}
     */
    void readStored(long offset, int length, Slab into, int at) throws IOException;

    /**
     * As {@link #read}, of a part of the file that was read.
     *
     * @param stored has all {@link #storedBytes} of the value from {@code at} on
     * @param into gets the value at {@code intoAt}; does not change when this throws
     */
    void take(long offset, int length, Slab stored, int at, byte[] into, int intoAt);

    /** As the other method. */
    void take(long offset, int length, Slab stored, int at, ValueBuffer into);
}
