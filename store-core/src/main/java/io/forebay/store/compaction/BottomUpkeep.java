package io.forebay.store.compaction;

import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import java.util.ArrayList;
import java.util.List;

/** Rewrites files of the bottom run that are there for nothing: many small ones, and such with many deletes. */
final class BottomUpkeep {
    /** Small files side by side that become one. */
    static final int SMALL_FILES = 8;

    /** A file is rewritten when one of so many entries is a delete. */
    static final int DELETE_SHARE = 4;

    private final PickInput in;

    BottomUpkeep(PickInput in) {
        this.in = in;
    }

    Compaction pick() {
        SortedRun bottom = in.bottom();
        if (bottom == null) {
            return null;
        }
        for (FileMeta file : bottom.files()) {
            if (hasManyDeletes(file) && isDeleteVisibleToAll(file) && in.isFree(file)) {
                return rewrite(List.of(file));
            }
        }
        return pickSmall(bottom);
    }

    /** For a full compaction: any delete, and the hidden part of any virtual file. */
    Compaction pickAny() {
        SortedRun bottom = in.bottom();
        if (bottom != null) {
            for (FileMeta file : bottom.files()) {
                boolean deletes = file.pointDeletes() + file.rangeDeletes() > 0 && isDeleteVisibleToAll(file);
                if ((deletes || file.virtual()) && in.isFree(file)) {
                    return rewrite(List.of(file));
                }
            }
        }
        return null;
    }

    static boolean hasManyDeletes(FileMeta file) {
        return file.pointDeletes() * DELETE_SHARE >= file.entries() && file.pointDeletes() > 0;
    }

    /** Otherwise the deletes would have to stay, and the file would be rewritten for ever. */
    private boolean isDeleteVisibleToAll(FileMeta file) {
        return file.newestSequence() <= in.oldestSnapshot();
    }

    private Compaction pickSmall(SortedRun bottom) {
        List<FileMeta> neighbours = new ArrayList<>();
        long bytes = 0;
        for (FileMeta file : bottom.files()) {
            neighbours.add(file);
            bytes += file.fileBytes();
            if (neighbours.size() > SMALL_FILES) {
                bytes -= neighbours.remove(0).fileBytes();
            }
            long half = bytes / 2;
            if (neighbours.size() == SMALL_FILES
                    && bytes <= in.targetFileBytes()
                    // A file that has grown already is not rewritten for every few small ones.
                    && neighbours.stream().allMatch(small -> in.isFree(small) && small.fileBytes() <= half)) {
                return rewrite(neighbours);
            }
        }
        return null;
    }

    private static Compaction rewrite(List<FileMeta> files) {
        return new Compaction(
                Compaction.Kind.MERGE,
                List.of(new Compaction.Input(SortedRun.BOTTOM, List.copyOf(files))),
                SortedRun.BOTTOM);
    }
}
