package io.forebay.store.compaction;

import io.forebay.store.KeyRange;
import io.forebay.store.flush.SstTarget;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.Version;
import java.util.List;

/** Picks files of the bottom run to rewrite: many small files, and files with many deletes. A pure function of its input. */
final class BottomUpkeep {
    /** A file larger than the target size divided by this is not small. */
    private static final int SMALL_SHARE = 4;

    /** So many neighbouring small files become one, if that is not too large. */
    static final int MANY_FILES = 8;

    /** So many are enough if they fill half a file. */
    static final int FEW_FILES = 3;

    /** A file is rewritten when at least one of so many entries is a delete. */
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

    /**
     * For a full compaction: files with anything that only older states have, virtual files, because of their hidden part, and small
     * files; but no file with entries above {@code upTo}.
     */
    Compaction pickAny(long upTo) {
        SortedRun bottom = in.bottom();
        if (bottom != null) {
            for (FileMeta file : bottom.files()) {
                boolean any = file.info().superseded() != null || file.pointDeletes() + file.rangeDeletes() > 0;
                if ((any && isDeleteVisibleToAll(file) || file.virtual())
                        && in.isFree(file)
                        && file.newestSequence() <= upTo) {
                    return rewrite(List.of(file));
                }
            }
        }
        return bottom == null ? null : pickSmall(bottom, upTo);
    }

    /** Of the size at which a file ends, so that what is joined becomes one file: its own bytes, or those of its values. */
    private static long size(FileMeta file) {
        return Math.max(file.fileBytes(), file.valueBytes() / SstTarget.VALUES_PER_SST);
    }

    static boolean hasManyDeletes(FileMeta file) {
        return file.pointDeletes() * DELETE_SHARE >= file.entries() && file.pointDeletes() > 0;
    }

    /** When a snapshot is older, the deletes have to be kept, and the file would be rewritten forever. */
    private boolean isDeleteVisibleToAll(FileMeta file) {
        return file.newestSequence() <= in.oldestSnapshot();
    }

    /** Range deletes may be the reason why the file is small; kept, they would make the same small files again. */
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
                    && size(bottom.file(end)) <= in.targetFileBytes() / SMALL_SHARE
                    && bytes + size(bottom.file(end)) <= in.targetFileBytes()) {
                long size = size(bottom.file(end++));
                bytes += size;
                largest = Math.max(largest, size);
            }
            int count = end - first;
            boolean enough = count >= MANY_FILES || count >= FEW_FILES && bytes >= in.targetFileBytes() / 2;
            // A file that has grown already is not rewritten again for a few small ones.
            if (enough && largest <= bytes / 2 && isLeftAlone(bottom.files().subList(first, end))) {
                return rewrite(bottom.files().subList(first, end));
            }
            first++;
        }
        return null;
    }

    /**
     * True when no running compaction may move a file down into a gap between the files. The new file will lie over those gaps.
     */
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
        return Compaction.rewrite(SortedRun.BOTTOM, files);
    }
}
