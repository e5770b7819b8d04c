package io.forebay.store.compaction;

import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.Version;
import io.forebay.store.version.VersionEdit;
import java.util.Arrays;
import java.util.List;

/**
 * The result of a compaction. The caller applies {@code edit}, and then calls {@link #release()} in any case.
 *
 * @param edit removes the inputs and adds the outputs
 * @param outputs new files, each with a reference; for {@link Compaction.Kind#MERGE} only
 * @param bytesRead file bytes read
 * @param bytesWritten file bytes written
 */
public record CompactionResult(VersionEdit edit, List<FileMeta> outputs, long bytesRead, long bytesWritten) {
    /**
     * False when a file that is not among the inputs lies where an output is to go. There may be gaps between the inputs, into
     * which another file may have been ingested or moved down meanwhile.
     */
    public boolean hasPlaceIn(Version present) {
        for (VersionEdit.Added added : edit.added()) {
            SortedRun run = present.run(added.rank());
            if (run != null) {
                List<FileMeta> there = Version.overlapping(run, added.file().range());
                if (!there.stream().allMatch(file -> leaves(run, file))) {
                    return false;
                }
            }
        }
        return true;
    }

    private boolean leaves(SortedRun run, FileMeta file) {
        return edit.removed().stream()
                .anyMatch(removed -> removed.rank() == run.rank()
                        && removed.id().equals(file.id())
                        && Arrays.equals(removed.from(), file.range().from()));
    }

    /** Gives back the references of the outputs. Without an applied edit this deletes the files. Called once. */
    public void release() {
        outputs.forEach(file -> file.file().release());
    }
}
