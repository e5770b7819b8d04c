package io.forebay.store.compaction;

import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.Version;
import java.util.List;

/**
 * The weight of a file of a tier: how many bytes of garbage it may make. These are its own bytes, because it may have nothing
 * but newer versions of keys that lie below, for each delete an entry of the bottom run as well, and what its range deletes are known to
 * hide. With values, the bytes that a file refers to in value files are bytes of it. Immutable.
 */
final class Weights {
    private final SortedRun bottom;
    private final boolean ofSsts;
    private final boolean ofValues;
    private final HiddenParts hidden;
    private final long bottomBytes;
    private final double deleteBytes;

    private Weights(SortedRun bottom, boolean ofSsts, boolean ofValues, HiddenParts hidden) {
        this.bottom = bottom;
        this.ofSsts = ofSsts;
        this.ofValues = ofValues;
        this.hidden = hidden;
        List<FileMeta> files = bottom == null ? List.of() : bottom.files();
        bottomBytes = bytes(files);
        deleteBytes = bytesOfEntry(files);
    }

    /** By the bytes of SSTs, which are those that a merge writes, and by what range deletes hide. */
    static Weights of(SortedRun bottom, HiddenParts hidden) {
        return new Weights(bottom, true, false, hidden);
    }

    /** By the bytes of SSTs and values, which are those that a store takes. */
    static Weights withValues(SortedRun bottom) {
        return new Weights(bottom, true, true, HiddenParts.NONE);
    }

    /** By the bytes of values in value files alone. */
    static Weights ofValues(SortedRun bottom) {
        return new Weights(bottom, false, true, HiddenParts.NONE);
    }

    /** What the bottom run has. */
    long bottomBytes() {
        return bottomBytes;
    }

    private long bytes(FileMeta file) {
        return (ofSsts ? file.fileBytes() : 0) + (ofValues ? file.valueBytes() : 0);
    }

    private long bytes(List<FileMeta> files) {
        long sum = 0;
        for (FileMeta file : files) {
            sum += bytes(file);
        }
        return sum;
    }

    /** The mean of an entry of these files. */
    private double bytesOfEntry(List<FileMeta> files) {
        long entries = 0;
        for (FileMeta file : files) {
            entries += file.entries();
        }
        return entries == 0 ? 0 : (double) bytes(files) / entries;
    }

    double of(FileMeta file) {
        return bytes(file) + file.pointDeletes() * deleteBytes(file) + hidden.of(file);
    }

    /** Long values may lie in a part of the key space, so the mean is that of the part which the file is over. */
    private double deleteBytes(FileMeta file) {
        return ofValues && bottom != null && file.pointDeletes() > 0
                ? bytesOfEntry(Version.overlapping(bottom, file.range()))
                : deleteBytes;
    }
}
