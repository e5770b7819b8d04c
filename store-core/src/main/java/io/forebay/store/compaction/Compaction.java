package io.forebay.store.compaction;

import io.forebay.store.KeyRange;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * One compaction: what is done with which files of a version. Immutable.
 *
 * @param kind what to do
 * @param inputs the files, by run, newest run first; never empty
 * @param outputRank rank of the run that gets the result; undefined for {@link Kind#DROP}
 */
public record Compaction(Kind kind, List<Input> inputs, long outputRank) {
    /** What to do with the inputs. */
    public enum Kind {
        /** Merge them into new files. */
        MERGE,
        /** Give the input files to another run. They overlap neither each other nor anything between the two runs. */
        MOVE,
        /** Remove them, because no reader sees anything in them. */
        DROP
    }

    /** Files of one run, in key order. */
    public record Input(long rank, List<FileMeta> files) {}

    public Compaction {
        inputs = List.copyOf(inputs);
    }

    /** Rewrites neighbouring files of one run within that run. */
    static Compaction rewrite(long rank, List<FileMeta> files) {
        return new Compaction(Kind.MERGE, List.of(new Input(rank, List.copyOf(files))), rank);
    }

    /** True when the result goes to the bottom run. */
    public boolean isBottom() {
        return outputRank == SortedRun.BOTTOM;
    }

    public List<FileMeta> files() {
        List<FileMeta> all = new ArrayList<>();
        for (Input input : inputs) {
            all.addAll(input.files());
        }
        return all;
    }

    public Set<FileId> fileIds() {
        Set<FileId> ids = new LinkedHashSet<>();
        for (FileMeta file : files()) {
            ids.add(file.id());
        }
        return ids;
    }

    /** The range from the first key of the input files to the last, with the gaps between them. */
    public KeyRange hull() {
        List<FileMeta> files = files();
        KeyRange hull = files.get(0).range();
        for (FileMeta file : files) {
            hull = hull(hull, file.range());
        }
        return hull;
    }

    /** The narrowest range that contains both. */
    static KeyRange hull(KeyRange one, KeyRange other) {
        byte[] from = Arrays.compareUnsigned(one.from(), other.from()) <= 0 ? one.from() : other.from();
        if (one.to() == null || other.to() == null) {
            return KeyRange.of(from, null);
        }
        return KeyRange.of(from, Arrays.compareUnsigned(one.to(), other.to()) >= 0 ? one.to() : other.to());
    }

    /** Bytes of the physical input files. */
    public long inputBytes() {
        long sum = 0;
        for (FileMeta file : files()) {
            sum += file.fileBytes();
        }
        return sum;
    }
}
