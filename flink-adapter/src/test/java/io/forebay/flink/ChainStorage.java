package io.forebay.flink;

import java.io.File;
import org.apache.flink.api.common.JobID;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.state.CheckpointStorageLocationReference;
import org.apache.flink.runtime.state.filesystem.FsCheckpointStorageLocation;

/**
 * The checkpoint directory of one job, laid out as Flink does, and of savepoints beside it.
 *
 * @param threshold bytes below which state is kept in the metadata instead of a file
 */
record ChainStorage(File root, JobID job, JobVertexID vertex, FileSystem files, int threshold) {
    static final int BUFFER_BYTES = 4096;

    /** Where everything of the job is. */
    File directory() {
        return new File(root, job.toHexString());
    }

    FsCheckpointStorageLocation checkpoint(long id) {
        return location(
                new File(directory(), "chk-" + id),
                new File(directory(), "shared"),
                new File(directory(), "taskowned"));
    }

    /** All parts of a savepoint are in one directory, so that it can be moved. */
    FsCheckpointStorageLocation savepoint(File directory) {
        return location(directory, directory, directory);
    }

    private FsCheckpointStorageLocation location(File exclusive, File shared, File owned) {
        exclusive.mkdirs();
        return new FsCheckpointStorageLocation(
                files,
                path(exclusive),
                path(shared),
                path(owned),
                CheckpointStorageLocationReference.getDefault(),
                threshold,
                BUFFER_BYTES);
    }

    /** The same whether or not the directory exists, as a URI of a {@link File} is not. */
    static Path path(File directory) {
        return new Path("file", null, directory.getAbsolutePath());
    }
}
