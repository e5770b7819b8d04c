package io.forebay.store;

import java.io.IOException;
import java.util.List;

/**
 * The only door to storage: a flat directory of write-once files. Shaped so that an object store can stand behind it: no
 * rename, no append to a closed file, no overwriting. Names are plain ASCII without separators. Thread-safe.
 */
public interface FileStore {
    /** Creates a file; {@link java.nio.file.FileAlreadyExistsException} when the name is taken. The name is durable only after {@link #syncDirectory()}. */
    WritableFile create(String name) throws IOException;

    /** Opens a finished file; {@link java.nio.file.NoSuchFileException} when there is none. */
    ReadableFile open(String name) throws IOException;

    /** Stores a small object as a whole, durably, unless the name is taken. @return false when it was taken (nothing changed) */
    boolean putIfAbsent(String name, byte[] content) throws IOException;

    /**
     * Names of all files, sorted. Empty when the directory does not exist. What is neither a file nor a directory, like a
     * symbolic link, is listed too, and refused with an {@link IOException} that says what it is when it is opened.
     */
    List<String> list() throws IOException;

    /** True when the name is taken, by whatever. */
    boolean exists(String name) throws IOException;

    /** Deletes a file; no error when it is gone already. */
    void delete(String name) throws IOException;

    /**
     * Makes the bytes of a finished file durable, of which nobody knows whether they are: the process that wrote it may have
     * been killed before it synced. {@link java.nio.file.NoSuchFileException} when there is none.
     */
    void sync(String name) throws IOException;

    /** Makes creates and deletes so far durable, and the name of the directory itself. */
    void syncDirectory() throws IOException;

    /**
     * Makes the file {@code name} of {@code from} available here under the same name: by hard link if possible, else by a
     * synced copy. {@link java.nio.file.FileAlreadyExistsException} when the name is taken here.
     */
    void linkFrom(FileStore from, String name) throws IOException;

    /**
     * Takes the directory (creating it if need be) until the result is closed.
     *
     * @throws StoreLockedException when this or another process has it
     */
    AutoCloseable lock() throws IOException;

    /** Where it is, for messages. */
    String describe();
}
