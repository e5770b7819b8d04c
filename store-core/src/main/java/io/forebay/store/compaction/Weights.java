package io.forebay.store.compaction;

import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;

/**
 * How much a file of a tier adds to the garbage, in bytes: its own bytes, because it may hold nothing but newer versions of
 * what lies below, and for each delete an entry of the bottom as well.
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
