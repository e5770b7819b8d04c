package io.forebay.store.flush;

import io.forebay.store.version.FileMeta;
import java.util.List;

/**
 * The files of a flush, durable, as one or two runs. Each file holds a reference, see {@link SstOutput#finish()}; {@link
 * #release()} gives all of them back.
 *
 * @param upToCommit the run of everything at or below the commit inside the flush; of everything when there was none. Maybe
 *     empty
 * @param aboveCommit the run of what came after that commit, to be ranked above the other; empty when there was none
 */
public record FlushResult(List<FileMeta> upToCommit, List<FileMeta> aboveCommit) {
    /** Bytes of all files. */
    public long bytes() {
        long sum = 0;
        for (FileMeta file : upToCommit) {
            sum += file.fileBytes();
        }
        for (FileMeta file : aboveCommit) {
            sum += file.fileBytes();
        }
        return sum;
    }

    /** Once, after the edit with these files was applied or has failed. */
    public void release() {
        upToCommit.forEach(file -> file.file().release());
        aboveCommit.forEach(file -> file.file().release());
    }
}
