package io.forebay.store;

import java.io.IOException;
import java.util.List;

/**
 * A flat directory of files that are written once. The engine does all its file access through this interface. An
 * object store can implement it, because nothing is renamed, overwritten, or appended to once closed. Names are plain
 * ASCII without separators. No argument may be null. Thread-safe.
 *
 * <p>The engine may call a file store, and its files, with locks held and while other threads wait. So what an implementation calls
 * of a store from within such a call, on the same thread, must not wait for what the engine is doing. A call that would throws
 * {@link IllegalStateException} that says so, and the store goes on:
 *
 * <ul>
 *   <li>{@link Store#get} works, and so do iterators, snapshots and {@link Store#multiGet}, with two exceptions. A read of the very
 *       file that is just being opened on this thread throws. While {@link SortedIngest#finish} makes its files visible, all that
 *       fixes a state throws: iterators, snapshots, {@code multiGet} and checkpoints.
 *   <li>{@link Store#close}, {@link Store#discard}, {@link Environment#close}, {@link Store#compact} and {@link Store#resume} always
 *       throw, and with a write-ahead log all writes, commits and {@link Store#sync}, before they have an effect.
 *   <li>Calls that wait only sometimes, like {@link Store#flush}, throw when they would. A commit without a log may have been made by
 *       then, and becomes durable later. So may {@link Checkpoint#close} of a checkpoint that another thread is closing.
 * </ul>
 *
 * <p>While it opens or closes a file, or reads it before it is open to the store, an implementation should not read the store: another thread
 * that does the same with another file may wait for this one, and this one for it.
 */
public interface FileStore {
    /**
     * Creates a file. The caller closes the result. The name is durable only after {@link #syncDirectory()}.
     *
     * @throws java.nio.file.FileAlreadyExistsException when the name is taken
     */
    WritableFile create(String name) throws IOException;

    /**
     * Opens a finished file. The caller closes the result.
     *
     * @throws java.nio.file.NoSuchFileException when there is no such file
     */
    ReadableFile open(String name) throws IOException;

    /**
     * Stores a small object as a whole unless the name is taken. The object and its name are durable on return.
     *
     * @return false when the name was taken; then nothing has changed
     */
    boolean putIfAbsent(String name, byte[] content) throws IOException;

    /**
     * Names of all files, sorted; empty when the directory does not exist. Something that is neither a file nor a
     * directory, like a symbolic link, is listed too; opening it throws an {@link IOException} that says what it is.
     */
    List<String> list() throws IOException;

    /** True when the name is taken, by a file or anything else. */
    boolean exists(String name) throws IOException;

    /** Deletes a file. It is no error when the file is gone already. */
    void delete(String name) throws IOException;

    /**
     * Makes the bytes of a finished file durable. For files of which it is not known whether they were synced, because
     * the process that wrote them may have been killed before.
     *
     * @throws java.nio.file.NoSuchFileException when there is no such file
     */
    void sync(String name) throws IOException;

    /** Makes all creates and deletes so far durable, and the name of the directory itself. */
    void syncDirectory() throws IOException;

    /**
     * Makes the file {@code name} of {@code from} available here under the same name: by a hard link if possible,
     * otherwise by a copy that is synced.
     *
     * @throws java.nio.file.FileAlreadyExistsException when the name is taken here
     */
    void linkFrom(FileStore from, String name) throws IOException;

    /**
     * Locks the directory until the result is closed. Creates the directory if needed.
     *
     * @throws StoreLockedException when this process or another one has locked it
     */
    AutoCloseable lock() throws IOException;

    /** Where the files are, for messages. */
    String describe();
}
