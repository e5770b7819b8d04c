package io.forebay.store;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A fixed state of a store as a list of immutable files. The files stay on disk until the checkpoint or the store is
 * closed. The caller closes the checkpoint. Any thread may use it. No argument may be null.
 */
public interface Checkpoint extends AutoCloseable {
    /**
     * Completes when all files exist and are synced. It fails with the {@link StoreException} that kept the files from
     * being written, or with {@link StoreClosedException} when the checkpoint or the store is closed first. The methods
     * below throw {@link IllegalStateException} unless the future has completed normally, and {@link
     * StoreClosedException} when the checkpoint or the store is closed.
     *
     * <p>The future completes on a thread of its own, so the code that is attached to it may call any method of any
     * store, wait, and close the store and the environment. (An injected {@link BackgroundExecutor} chooses the thread
     * itself.) The future completes in any case, also when the store or the environment is closed. What the attached
     * code throws goes to the future of that code, as {@link CompletableFuture} says. A close of the environment gives
     * attached code that is still running one second to end.
     */
    CompletableFuture<Void> completion();

    /** The physical files, each once, in a stable order. */
    List<CheckpointFile> files();

    /**
     * Bytes that describe the checkpoint (docs/format/checkpoint.md), as a new array. A restore needs these bytes and
     * the files, nothing else.
     *
     * @throws StoreIoException when the store is encrypted and the key service cannot be reached
     */
    byte[] metadata();

    /**
     * Writes the checkpoint to an empty directory: hard links where both sides are local and on one file system, copies
     * otherwise. The metadata is written last, as a file that is synced. Everything is durable on return.
     *
     * @throws IllegalArgumentException when the directory holds files
     * @throws StoreIoException when a file cannot be read or written; the files written so far are deleted again if
     *     possible
     */
    void writeTo(FileStore directory);

    /**
     * Opens one of {@link #files()} for reading. The caller closes the result.
     *
     * @throws IllegalArgumentException when {@code file} is not one of {@link #files()}
     * @throws StoreIoException when the file cannot be opened
     */
    ReadableFile open(CheckpointFile file);

    /** Gives up the files, so that the store may delete them. Idempotent. */
    @Override
    void close();
}
