package io.forebay.store.flush;

import io.forebay.store.version.FileMeta;
import java.util.List;

/**
 * The files of a flush, as one or two runs. Their bytes are durable. Each file has a reference (see
 * {@link SstOutput#finish()}); {@link #release()} gives back all of them.
 *
 * @param upToCommit the run with everything at or below the commit inside of the flush, or with everything when there was none;
 *     may be empty
 * @param aboveCommit the run with everything above that commit, which gets a higher rank than the other run; empty when there
 *     was no commit
 */
public record FlushResult(List<FileMeta> upToCommit, List<FileMeta> aboveCommit) {
    /** Bytes of all files, value files included: each of these is new, and of one SST. */
    public long bytes() {
        return bytes(upToCommit) + bytes(aboveCommit);
    }

    private static long bytes(List<FileMeta> files) {
        long sum = 0;
        for (FileMeta file : files) {
            sum += file.fileBytes() + file.info().valueFileBytes();
        }
        return sum;
    }

    /** Called once, after the edit with these files was applied or has failed. */
    public void release() {
        upToCommit.forEach(file -> file.file().release());
        aboveCommit.forEach(file -> file.file().release());
    }
}
