package io.forebay.store.compaction;

import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;

/**
 * The weight of a file of a tier: how many bytes of garbage it may make. These are its own bytes, because it may have nothing
 * but newer versions of keys that lie below, and for each delete an entry of the bottom run as well. Immutable.
 */
final class Weights {
    private final double deleteBytes;

    Weights(SortedRun bottom) {
        long entries = 0;
        if (bottom != null) {
            for (FileMeta file : bottom.files()) {
                entries += file.entries();
            }
        }
        deleteBytes = entries == 0 ? 0 : (double) bottom.bytes() / entries;
    }

    double of(FileMeta file) {
        return file.fileBytes() + file.pointDeletes() * deleteBytes;
    }
}
