package io.forebay.store;

/**
 * One physical, immutable file of a checkpoint.
 *
 * @param name file name, globally unique and never reused for other bytes
 * @param bytes length of the physical file
 * @param range the keys that the checkpoint needs of this file; a restore of other keys does not need the file
 */
public record CheckpointFile(String name, long bytes, KeyRange range) {
    /** Without the range: its bounds are keys, which may be secret. */
    @Override
    public String toString() {
        return "CheckpointFile[name=" + name + ", bytes=" + bytes + "]";
    }
}
