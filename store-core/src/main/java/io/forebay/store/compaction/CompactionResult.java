package io.forebay.store.compaction;

import io.forebay.store.version.FileMeta;
import io.forebay.store.version.VersionEdit;
import java.util.List;

/**
 * What a compaction came to. Apply {@code edit}, then {@link #release()} whether that went well or not.
 *
 * @param edit removes the inputs and adds the outputs
 * @param outputs new files, each with a reference; for {@link Compaction.Kind#MERGE} only
 * @param bytesRead file bytes read
 * @param bytesWritten file bytes written
 */
public record CompactionResult(VersionEdit edit, List<FileMeta> outputs, long bytesRead, long bytesWritten) {
    /** Gives the references of the outputs back; without an applied edit that deletes them. Once. */
    public void release() {
        outputs.forEach(file -> file.file().release());
    }
}
