package io.forebay.flink.snapshot;

import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.flink.annotation.Internal;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.filesystem.RelativeFileStateHandle;

/**
 * The files that earlier checkpoints have uploaded, so that a later checkpoint need not upload them again. A checkpoint
 * may refer only to files of the last checkpoint that is known to be completed: the JobManager may delete the files of
 * any other. Thread-safe.
 */
@Internal
public final class UploadHistory {
    /**
     * A file of a checkpoint.
     *
     * @param handle where the file is
     * @param fresh true when this checkpoint has uploaded the file, false when an earlier one has
     */
    record Upload(StreamStateHandle handle, boolean fresh) {}

    /** The files of checkpoints that are not known to be completed yet, by checkpoint id. */
    private final SortedMap<Long, Map<String, Upload>> pending = new TreeMap<>();

    // Guarded by this
    private Map<String, StreamStateHandle> completed = Map.of();
    private long lastCompleted = -1;

    /**
     * Starts with the history of the job: the files of the completed checkpoint that was restored, by name. The id of that
     * checkpoint is not used: under the changelog backend, ids are numbers of materializations, which may start from the
     * beginning after a restore.
     */
    public synchronized void restored(Map<String, StreamStateHandle> files) {
        completed = Map.copyOf(files);
    }

    /** Notes the files of a checkpoint. Ignored when a later checkpoint has completed already: then this one never will. */
    synchronized void uploaded(long checkpointId, Map<String, Upload> files) {
        if (checkpointId > lastCompleted) {
            pending.put(checkpointId, files);
        }
    }

    /**
     * Notes that a checkpoint has completed. Ignored for unknown ids: ids of savepoints, of earlier attempts, and ids
     * lower than that of the last completed checkpoint.
     */
    synchronized void completed(long checkpointId) {
        Map<String, Upload> files = pending.get(checkpointId);
        if (files == null) {
            return;
        }
        completed = new HashMap<>();
        files.forEach((name, upload) -> completed.put(name, upload.handle()));
        lastCompleted = checkpointId;
        pending.headMap(checkpointId + 1).clear();
    }

    synchronized void aborted(long checkpointId) {
        pending.remove(checkpointId);
    }

    /**
     * The files that the next checkpoint may refer to: those of the last completed checkpoint, with two exceptions. Files
     * that a later checkpoint has uploaded again are left out, because the JobManager may have completed that checkpoint
     * already, and deleted the earlier copy, before this backend was notified. Files of a native savepoint that the job
     * has claimed are left out too.
     */
    synchronized Map<String, StreamStateHandle> reusable() {
        Map<String, StreamStateHandle> reusable = new HashMap<>(completed);
        // The path of such a file is relative to the metadata of its savepoint. In the metadata of another snapshot it
        // would name a file that does not exist.
        reusable.values().removeIf(handle -> handle instanceof RelativeFileStateHandle);
        for (Map<String, Upload> later : pending.values()) {
            later.forEach((name, upload) -> {
                if (upload.fresh()) {
                    reusable.remove(name);
                }
            });
        }
        return reusable;
    }
}
