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

    /** Files of checkpoints that are not known to be completed yet. */
    private final SortedMap<Long, Map<String, Upload>> pending = new TreeMap<>();

    private Map<String, StreamStateHandle> completed = Map.of();
    private long lastCompleted = -1;

    /**
     * Takes up the history of the job: files of the completed checkpoint that was restored, by name. Its id does not count:
     * under the changelog backend, ids are numbers of materializations, which may begin anew after a restore.
     */
    public synchronized void restored(Map<String, StreamStateHandle> files) {
        completed = Map.copyOf(files);
    }

    /** Ignored when a later checkpoint has completed already: then this one never will. */
    synchronized void uploaded(long checkpointId, Map<String, Upload> files) {
        if (checkpointId > lastCompleted) {
            pending.put(checkpointId, files);
        }
    }

    /** Ignored for ids that are not known: those of savepoints, of earlier attempts, or older than the last completed one. */
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
     * Files that the next checkpoint may reference: those of the last completed checkpoint, without those that a later one
     * has uploaded once more. The JobManager may have completed that later one already, and dropped our copy with it,
     * before the news came here. Nor those of a native savepoint that the job has claimed.
     */
    synchronized Map<String, StreamStateHandle> reusable() {
        Map<String, StreamStateHandle> reusable = new HashMap<>(completed);
        // Its path is relative to the metadata of the savepoint that it belongs to; in those of another snapshot it
        // would
        // name a file that is not there.
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
