package io.forebay.flink;

import java.io.DataInputStream;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.annotation.Nullable;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.core.execution.RecoveryClaimMode;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.runtime.checkpoint.CheckpointProperties;
import org.apache.flink.runtime.checkpoint.CheckpointRetentionPolicy;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.CheckpointsCleaner;
import org.apache.flink.runtime.checkpoint.CompletedCheckpoint;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.SnapshotType;
import org.apache.flink.runtime.checkpoint.StandaloneCompletedCheckpointStore;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.state.CheckpointMetadataOutputStream;
import org.apache.flink.runtime.state.CompletedCheckpointStorageLocation;
import org.apache.flink.runtime.state.SharedStateRegistry;
import org.apache.flink.runtime.state.filesystem.AbstractFsCheckpointStorageAccess;
import org.apache.flink.runtime.state.filesystem.FsCheckpointStorageLocation;
import org.apache.flink.util.concurrent.Executors;

/**
 * What a JobManager does with the snapshots of a job, out of Flink's own parts: registers shared files, writes and reads
 * metadata files, keeps the newest checkpoints and deletes what no claim mode forbids. The order of the steps is that of
 * the checkpoint coordinator.
 */
final class ChainJobManager {
    static final OperatorID OPERATOR = new OperatorID(1, 1);

    private static final CheckpointProperties RETAINED =
            CheckpointProperties.forCheckpoint(CheckpointRetentionPolicy.RETAIN_ON_CANCELLATION);

    private final JobID job;
    private final int maxParallelism;
    private final StandaloneCompletedCheckpointStore store;
    private final CheckpointsCleaner cleaner = new CheckpointsCleaner();
    private final RecoveryClaimMode mode;
    private long nextId = 1;
    private boolean full;

    ChainJobManager(JobID job, int maxParallelism, int retained, RecoveryClaimMode mode) {
        this.job = job;
        this.maxParallelism = maxParallelism;
        this.mode = mode;
        this.store = new StandaloneCompletedCheckpointStore(
                retained, SharedStateRegistry.DEFAULT_FACTORY, Executors.directExecutor(), mode);
    }

    /** Starts the job from a snapshot of another one. */
    void startFrom(String pointer) throws Exception {
        CompletedCheckpointStorageLocation location =
                AbstractFsCheckpointStorageAccess.resolveCheckpointPointer(pointer);
        CheckpointMetadata metadata = read(location);
        Map<OperatorID, OperatorState> operators = new HashMap<>();
        metadata.getOperatorStates().forEach(operator -> operators.put(operator.getOperatorID(), operator));
        CompletedCheckpoint source = new CompletedCheckpoint(
                job,
                metadata.getCheckpointId(),
                0,
                0,
                operators,
                metadata.getMasterStates(),
                propertiesOfSource(),
                location,
                null,
                metadata.getCheckpointProperties());
        source.registerSharedStatesAfterRestored(store.getSharedStateRegistry(), mode);
        store.addCheckpointAndSubsumeOldestOne(source, cleaner, () -> {});
        nextId = source.getCheckpointID() + 1;
    }

    private CheckpointProperties propertiesOfSource() {
        return switch (mode) {
            case CLAIM -> RETAINED;
            case LEGACY -> CheckpointProperties.forSavepoint(false, SavepointFormatType.CANONICAL);
            case NO_CLAIM -> CheckpointProperties.forUnclaimedSnapshot();
        };
    }

    static CheckpointMetadata read(CompletedCheckpointStorageLocation location) throws IOException {
        try (FSDataInputStream in = location.getMetadataHandle().openInputStream()) {
            return Checkpoints.loadCheckpointMetadata(
                    new DataInputStream(in), ChainJobManager.class.getClassLoader(), location.getExternalPointer());
        }
    }

    static OperatorState read(String pointer) throws IOException {
        return read(AbstractFsCheckpointStorageAccess.resolveCheckpointPointer(pointer))
                .getOperatorStates()
                .iterator()
                .next();
    }

    /** The state that subtasks are started from, or started again from after a failure; null for none. */
    @Nullable
    CompletedCheckpoint latest() {
        CompletedCheckpoint latest = store.getLatestCheckpoint();
        full = latest != null && latest.getProperties().isUnclaimed();
        return latest;
    }

    List<CompletedCheckpoint> retained() {
        return store.getAllCheckpoints();
    }

    long nextId() {
        return nextId++;
    }

    /** The kind of the next checkpoint: full until the job depends on nothing that belongs to somebody else. */
    SnapshotType checkpointType() {
        return full ? CheckpointType.FULL_CHECKPOINT : CheckpointType.CHECKPOINT;
    }

    void acknowledge(long id, OperatorSubtaskState state) {
        state.registerSharedStates(store.getSharedStateRegistry(), id);
    }

    /** Completes a checkpoint that all subtasks have acknowledged; returns the newest one that it subsumes, or null. */
    @Nullable
    CompletedCheckpoint complete(long id, List<OperatorSubtaskState> states, FsCheckpointStorageLocation location)
            throws Exception {
        OperatorState operator = operator(states);
        CompletedCheckpoint completed = new CompletedCheckpoint(
                job,
                id,
                0,
                0,
                Map.of(OPERATOR, operator),
                List.of(),
                RETAINED,
                write(id, operator, RETAINED, location),
                null);
        CompletedCheckpoint subsumed = store.addCheckpointAndSubsumeOldestOne(completed, cleaner, () -> {});
        full = false;
        return subsumed;
    }

    /** Savepoints are the user's: they are neither registered nor kept. Returns where it is. */
    String completeSavepoint(
            long id,
            SavepointFormatType format,
            List<OperatorSubtaskState> states,
            FsCheckpointStorageLocation location)
            throws IOException {
        return write(id, operator(states), CheckpointProperties.forSavepoint(false, format), location)
                .getExternalPointer();
    }

    /** The job is cancelled; what it retained stays. */
    void cancel() throws Exception {
        store.shutdown(JobStatus.CANCELED, cleaner);
    }

    private OperatorState operator(List<OperatorSubtaskState> states) {
        OperatorState operator = new OperatorState(null, null, OPERATOR, states.size(), maxParallelism);
        for (int i = 0; i < states.size(); i++) {
            operator.putState(i, states.get(i));
        }
        return operator;
    }

    private static CompletedCheckpointStorageLocation write(
            long id, OperatorState operator, CheckpointProperties properties, FsCheckpointStorageLocation location)
            throws IOException {
        try (CheckpointMetadataOutputStream out = location.createMetadataOutputStream()) {
            Checkpoints.storeCheckpointMetadata(
                    new CheckpointMetadata(id, List.of(operator), List.of(), properties), out);
            return out.closeAndFinalizeCheckpoint();
        }
    }
}
