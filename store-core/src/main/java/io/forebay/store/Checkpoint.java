package io.forebay.store;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A fixed state of a store as a list of immutable files. The files stay on disk until the checkpoint is closed, or the
 * store. May be used from any thread.
 */
public interface Checkpoint extends AutoCloseable {
    /**
     * Completes when all files exist and are synced; fails with the {@link StoreException} that kept them from being written.
     * The methods below may be called only after it completed normally.
     */
    CompletableFuture<Void> completion();

    /** The physical files, each once, in a stable order. */
    List<CheckpointFile> files();

    /** Bytes that describe the checkpoint (docs/format/checkpoint.md); with the files they are all a restore needs. */
    byte[] metadata();

    /**
     * Writes the checkpoint to an empty directory: hard links where both sides are local and on one file system, copies
     * otherwise, then the metadata as the last file, synced.
     */
    void writeTo(FileStore directory);

    /** Reads one of {@link #files()}; close the result. */
    ReadableFile open(CheckpointFile file);

    /** Lets go of the files. Idempotent. */
    @Override
    void close();
}
