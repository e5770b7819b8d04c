package io.forebay.store.compaction;

import io.forebay.store.KeyRange;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.Version;
import java.util.List;

/** Rewrites files of the bottom run that are there for nothing: many small ones, and such with many deletes. */
final class BottomUpkeep {
    /** A file above this share of the target size is large enough. */
    private static final int SMALL_SHARE = 4;

    /** So many small files side by side become one if it is not too large. */
    static final int MANY_FILES = 8;

    /** As many as that are enough if they fill half a file. */
    static final int FEW_FILES = 3;

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
        return pickSmall(bottom, Long.MAX_VALUE);
    }

    /** For a full compaction: any delete, the hidden part of any virtual file, and small files; of those without newer entries. */
    Compaction pickAny(long upTo) {
        SortedRun bottom = in.bottom();
        if (bottom != null) {
            for (FileMeta file : bottom.files()) {
                boolean deletes = file.pointDeletes() + file.rangeDeletes() > 0 && isDeleteVisibleToAll(file);
                if ((deletes || file.virtual()) && in.isFree(file) && file.newestSequence() <= upTo) {
                    return rewrite(List.of(file));
                }
            }
        }
        return bottom == null ? null : pickSmall(bottom, upTo);
    }

    static boolean hasManyDeletes(FileMeta file) {
        return file.pointDeletes() * DELETE_SHARE >= file.entries() && file.pointDeletes() > 0;
    }

    /** Otherwise the deletes would have to stay, and the file would be rewritten for ever. */
    private boolean isDeleteVisibleToAll(FileMeta file) {
        return file.newestSequence() <= in.oldestSnapshot();
    }

    /** They may be why the file is small, and would make the same small files again. */
    private boolean keepsRangeDeletes(FileMeta file) {
        return file.rangeDeletes() > 0 && !isDeleteVisibleToAll(file);
    }

    private Compaction pickSmall(SortedRun bottom, long upTo) {
        int first = 0;
        while (first < bottom.size()) {
            int end = first;
            long bytes = 0;
            long largest = 0;
            while (end < bottom.size()
                    && in.isFree(bottom.file(end))
                    && bottom.file(end).newestSequence() <= upTo
                    && !keepsRangeDeletes(bottom.file(end))
                    && bottom.file(end).fileBytes() <= in.targetFileBytes() / SMALL_SHARE
                    && bytes + bottom.file(end).fileBytes() <= in.targetFileBytes()) {
                long size = bottom.file(end++).fileBytes();
                bytes += size;
                largest = Math.max(largest, size);
            }
            int count = end - first;
            boolean enough = count >= MANY_FILES || count >= FEW_FILES && bytes >= in.targetFileBytes() / 2;
            // A file that has grown already is not rewritten for every few small ones.
            if (enough && largest <= bytes / 2 && isLeftAlone(bottom.files().subList(first, end))) {
                return rewrite(bottom.files().subList(first, end));
            }
            first++;
        }
        return null;
    }

    /** Nothing is on its way down into a gap between the files, over which the new one is to lie. */
    private boolean isLeftAlone(List<FileMeta> files) {
        KeyRange hull = Compaction.hull(
                files.get(0).range(), files.get(files.size() - 1).range());
        for (SortedRun run : in.runs()) {
            for (FileMeta above : run.isBottom() ? List.<FileMeta>of() : Version.overlapping(run, hull)) {
                if (in.busy().contains(above.id())) {
                    return false;
                }
            }
        }
        return true;
    }

    private static Compaction rewrite(List<FileMeta> files) {
        return new Compaction(
                Compaction.Kind.MERGE,
                List.of(new Compaction.Input(SortedRun.BOTTOM, List.copyOf(files))),
                SortedRun.BOTTOM);
    }
}
