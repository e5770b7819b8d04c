package io.forebay.store;

import java.util.Objects;

/**
 * A checkpoint, or the part of it that lies in a key range, to open a store from.
 *
 * @param files where the files of the checkpoint are, under their {@link CheckpointFile#name()}
 * @param metadata {@link Checkpoint#metadata()}
 * @param clip keys to take over; files that have none of them need not be there
 */
public record RestoreSource(FileStore files, byte[] metadata, KeyRange clip) {
    public RestoreSource {
        Objects.requireNonNull(files, "files");
        Objects.requireNonNull(metadata, "metadata");
        Objects.requireNonNull(clip, "clip");
    }

    /** Without the clip: its bounds are keys, which may be secret. */
    @Override
    public String toString() {
        return "RestoreSource[files=" + files.describe() + ", metadata of " + metadata.length + " bytes]";
    }
}
