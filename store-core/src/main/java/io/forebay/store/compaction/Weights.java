package io.forebay.store.compaction;

import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;

/**
 * The weight of a file of a tier: how many bytes of garbage it may make. These are its own bytes, because it may have nothing
 * but newer versions of keys that lie below, and for each delete an entry of the bottom run as well. With values, the bytes that a
 * file refers to in value files are bytes of it. Immutable.
 */
final class Weights {
    private final boolean withValues;
    private final long bottomBytes;
    private final double deleteBytes;

    private Weights(SortedRun bottom, boolean withValues) {
        this.withValues = withValues;
        long bytes = 0;
        long entries = 0;
        if (bottom != null) {
            for (FileMeta file : bottom.files()) {
                entries += file.entries();
                bytes += bytes(file);
            }
        }
        bottomBytes = bytes;
        deleteBytes = entries == 0 ? 0 : (double) bytes / entries;
    }

    /** By the bytes of SSTs, which are those that a merge writes. */
    static Weights of(SortedRun bottom) {
        return new Weights(bottom, false);
    }

    /** By the bytes of SSTs and values, which are those that a store takes. */
    static Weights withValues(SortedRun bottom) {
        return new Weights(bottom, true);
    }

    /** What the bottom run has. */
    long bottomBytes() {
        return bottomBytes;
    }

    private long bytes(FileMeta file) {
        return withValues ? file.fileBytes() + file.valueBytes() : file.fileBytes();
    }

    double of(FileMeta file) {
        return bytes(file) + file.pointDeletes() * deleteBytes;
    }
}
