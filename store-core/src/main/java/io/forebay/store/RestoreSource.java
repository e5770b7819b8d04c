package io.forebay.store;

import java.util.Objects;

/**
 * A checkpoint, or the part of it in a key range, to create a store from. See {@link Environment#restore}.
 *
 * @param files the place of the checkpoint's files, under their {@link CheckpointFile#name()}
 * @param metadata {@link Checkpoint#metadata()}
 * @param clip the keys to take over; files that have none of these keys may be missing
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
