package io.forebay.flink.snapshot;

import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.flink.annotation.Internal;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.filesystem.RelativeFileStateHandle;

/**
 * Which files earlier checkpoints have uploaded, so that a later one need not. Only files of the last checkpoint that is
 * known to be completed may be referenced: the JobManager may delete those of any other. Thread-safe.
 */
@Internal
public final class UploadHistory {
    /**
     * A file of a checkpoint.
     *
     * @param handle where it is
     * @param fresh whether this checkpoint uploaded it, rather than an earlier one
     */
    record Upload(StreamStateHandle handle, boolean fresh) {}

    private final SortedMap<Long, Map<String, Upload>> byCheckpoint = new TreeMap<>();
    private long lastCompleted = -1;

    /** Takes up the history of the job: files of the completed checkpoint that was restored, by name. */
    public synchronized void restored(long checkpointId, Map<String, StreamStateHandle> files) {
        Map<String, Upload> uploads = new HashMap<>();
        files.forEach((name, handle) -> uploads.put(name, new Upload(handle, true)));
        byCheckpoint.put(checkpointId, uploads);
        lastCompleted = checkpointId;
    }

    synchronized void uploaded(long checkpointId, Map<String, Upload> files) {
        byCheckpoint.put(checkpointId, files);
    }

    /** Ignored for ids that are not known (savepoints) or older than the last completed checkpoint. */
    synchronized void completed(long checkpointId) {
        if (checkpointId > lastCompleted && byCheckpoint.containsKey(checkpointId)) {
            byCheckpoint.headMap(checkpointId).clear();
            lastCompleted = checkpointId;
        }
    }

    synchronized void aborted(long checkpointId) {
        byCheckpoint.remove(checkpointId);
    }

    /**
     * Files that the next checkpoint may reference: those of the last completed checkpoint, without those that a later one
     * has uploaded once more. The JobManager may have completed that later one already, and dropped our copy with it,
     * before the news came here. Nor those of a native savepoint that the job has claimed.
     */
    synchronized Map<String, StreamStateHandle> reusable() {
        Map<String, StreamStateHandle> reusable = new HashMap<>();
        Map<String, Upload> completed = byCheckpoint.get(lastCompleted);
        if (completed == null) {
            return reusable;
        }
        completed.forEach((name, upload) -> {
            // Its path is relative to the metadata of the savepoint that it belongs to; in those of another snapshot it
            // would name a file that is not there.
            if (!(upload.handle() instanceof RelativeFileStateHandle)) {
                reusable.put(name, upload.handle());
            }
        });
        byCheckpoint
                .tailMap(lastCompleted + 1)
                .values()
                .forEach(later -> later.forEach((name, upload) -> {
                    if (upload.fresh()) {
                        reusable.remove(name);
                    }
                }));
        return reusable;
    }
}
