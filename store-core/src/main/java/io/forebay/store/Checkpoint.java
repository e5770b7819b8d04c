package io.forebay.store;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A fixed state of a store as a list of immutable files. The files stay on disk until the checkpoint is closed, or the
 * store. May be used from any thread. No argument may be null.
 */
public interface Checkpoint extends AutoCloseable {
    /**
     * Completes when all files exist and are synced; fails with the {@link StoreException} that kept them from being
     * written, or {@link StoreClosedException} when checkpoint or store are closed before. The methods below throw
     * {@link IllegalStateException} unless it has completed normally, and {@link StoreClosedException} when one of the
     * two is closed.
     *
     * <p>It completes on a thread of its own, so what hangs on it may call any method of any store, wait, and close store and
     * environment. (An injected {@link BackgroundExecutor} decides for itself where.) It completes in any case, also when store
     * or environment are closed; what the code behind it throws goes to the future of that code, as {@link CompletableFuture}
     * says. A close of the environment gives code that is still running a second to end.
     */
    CompletableFuture<Void> completion();

    /** The physical files, each once, in a stable order. */
    List<CheckpointFile> files();

    /**
     * Bytes that describe the checkpoint (docs/format/checkpoint.md), as a new array; with the files they are all a
     * restore needs. {@link StoreIoException} when the store is encrypted and the key service cannot be reached.
     */
    byte[] metadata();

    /**
     * Writes the checkpoint to an empty directory: hard links where both sides are local and on one file system, copies
     * otherwise, then the metadata as the last file, synced. All of it is durable on return.
     *
     * @throws IllegalArgumentException when the directory holds files
     * @throws StoreIoException when a file cannot be read or written; what was written is deleted again if possible
     */
    void writeTo(FileStore directory);

    /**
     * Reads one of {@link #files()}; close the result.
     *
     * @throws IllegalArgumentException when the file is not one of them
     * @throws StoreIoException when it cannot be opened
     */
    ReadableFile open(CheckpointFile file);

    /** Lets go of the files. Idempotent. */
    @Override
    void close();
}
