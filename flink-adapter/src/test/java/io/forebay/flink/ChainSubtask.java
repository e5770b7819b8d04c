package io.forebay.flink;

import io.forebay.flink.ForebayOptions.TimerService;
import java.io.File;
import java.util.List;
import javax.annotation.Nullable;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.SavepointType;
import org.apache.flink.runtime.checkpoint.SnapshotType;
import org.apache.flink.runtime.checkpoint.StateObjectCollection;
import org.apache.flink.runtime.checkpoint.filemerging.FileMergingSnapshotManager;
import org.apache.flink.runtime.checkpoint.filemerging.FileMergingSnapshotManager.SubtaskKey;
import org.apache.flink.runtime.checkpoint.filemerging.SubtaskFileMergingManagerRestoreOperation;
import org.apache.flink.runtime.operators.testutils.MockEnvironment;
import org.apache.flink.runtime.state.CheckpointStorageLocationReference;
import org.apache.flink.runtime.state.CheckpointStreamFactory;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.LocalRecoveryConfig;
import org.apache.flink.runtime.state.LocalSnapshotDirectoryProviderImpl;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.TestTaskStateManager;
import org.apache.flink.runtime.state.filemerging.EmptyFileMergingOperatorStreamStateHandle;
import org.apache.flink.runtime.state.filesystem.FsMergingCheckpointStorageAccess;
import org.apache.flink.runtime.state.filesystem.FsMergingCheckpointStorageLocation;

/** One subtask of a job, in a slot of its own, with what a TaskManager does for its snapshots. */
final class ChainSubtask implements AutoCloseable {
    private static final long SLOT_BYTES = 8 << 20;

    /** What a subtask gives the TaskManager and the JobManager; the first is null without local recovery. */
    record Snapshot(@Nullable KeyedStateHandle local, OperatorSubtaskState remote) {}

    final KeyedModel.States states;
    private final ChainStorage storage;

    @Nullable
    private final FileMergingSnapshotManager merging;

    @Nullable
    private final FsMergingCheckpointStorageAccess mergingAccess;

    private final SubtaskKey key;
    private final BackendHarness slot;

    /**
     * @param merging of the TaskManager, null for a file for each part of a snapshot
     * @param timers where its timers are
     * @param restoredId the checkpoint that {@code handles} are of, if there are any
     * @param handles those that overlap the key groups
     */
    ChainSubtask(
            ChainStorage storage,
            ChainJob.Settings settings,
            File local,
            @Nullable FileMergingSnapshotManager merging,
            int index,
            int parallelism,
            int maxParallelism,
            KeyGroupRange keyGroups,
            TimerService timers,
            long restoredId,
            List<KeyedStateHandle> handles)
            throws Exception {
        this.storage = storage;
        this.merging = merging;
        MockEnvironment environment = environment(storage, settings, local, index, parallelism, maxParallelism);
        key = SubtaskKey.of(environment);
        slot = new BackendHarness(environment);
        if (merging == null) {
            mergingAccess = null;
        } else {
            mergingAccess = new FsMergingCheckpointStorageAccess(
                    ChainStorage.path(storage.directory()),
                    null,
                    storage.job(),
                    storage.threshold(),
                    ChainStorage.BUFFER_BYTES,
                    merging,
                    environment);
            mergingAccess.initializeBaseLocationsForCheckpoint();
            OperatorSubtaskState restored = OperatorSubtaskState.builder()
                    .setManagedKeyedState(new StateObjectCollection<>(handles))
                    .build();
            new SubtaskFileMergingManagerRestoreOperation(
                            restoredId, merging, storage.job(), environment.getTaskInfo(), storage.vertex(), restored)
                    .restore();
        }
        Configuration options = BackendHarness.options(new File(local, "db"));
        options.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, settings.incremental());
        options.set(ForebayOptions.TIMER_SERVICE_FACTORY, timers);
        // for each second subtask: all values in value files
        options.set(ForebayOptions.VALUE_FILE_THRESHOLD, new MemorySize(index % 2));
        states = new KeyedModel.States(
                slot.forebay(options, StringSerializer.INSTANCE, maxParallelism, keyGroups, handles));
    }

    private static MockEnvironment environment(
            ChainStorage storage,
            ChainJob.Settings settings,
            File local,
            int index,
            int parallelism,
            int maxParallelism) {
        LocalRecoveryConfig localRecovery = settings.localRecovery()
                ? LocalRecoveryConfig.backupAndRecoveryEnabled(new LocalSnapshotDirectoryProviderImpl(
                        new File(local, "copies"), storage.job(), storage.vertex(), index))
                : LocalRecoveryConfig.BACKUP_AND_RECOVERY_DISABLED;
        return MockEnvironment.builder()
                .setManagedMemorySize(SLOT_BYTES)
                .setJobID(storage.job())
                .setJobVertexID(storage.vertex())
                .setMaxParallelism(maxParallelism)
                .setParallelism(parallelism)
                .setSubtaskIndex(index)
                .setTaskStateManager(TestTaskStateManager.builder()
                        .setLocalRecoveryConfig(localRecovery)
                        .build())
                .build();
    }

    /** A checkpoint, or a savepoint when {@code savepoint} says where. */
    Snapshot snapshot(long id, SnapshotType type, @Nullable File savepoint) throws Exception {
        CheckpointStreamFactory target = savepoint != null
                ? storage.savepoint(savepoint)
                : mergingAccess != null
                        ? mergingAccess.resolveCheckpointStorageLocation(
                                id, CheckpointStorageLocationReference.getDefault())
                        : storage.checkpoint(id);
        if (merging != null && savepoint == null) {
            merging.notifyCheckpointStart(key, id);
        }
        SnapshotResult<KeyedStateHandle> result = isCanonical(type)
                ? BackendHarness.canonicalSavepoint(states.backend, id, target)
                : BackendHarness.snapshot(states.backend, id, type, target);
        OperatorSubtaskState.Builder remote =
                OperatorSubtaskState.builder().setManagedKeyedState(result.getJobManagerOwnedSnapshot());
        if (target instanceof FsMergingCheckpointStorageLocation merged) {
            // Tells the JobManager which directories of merged files the checkpoint needs.
            remote.setManagedOperatorState(EmptyFileMergingOperatorStreamStateHandle.create(
                    merged.getExclusiveStateHandle(), merged.getSharedStateHandle()));
        }
        return new Snapshot(result.getTaskLocalSnapshot(), remote.build());
    }

    private static boolean isCanonical(SnapshotType type) {
        return type instanceof SavepointType savepoint && savepoint.getFormatType() == SavepointFormatType.CANONICAL;
    }

    /** @param subsumed the newest checkpoint that this one replaces, or -1 */
    void completed(long id, long subsumed) throws Exception {
        states.backend.notifyCheckpointComplete(id);
        if (merging != null) {
            merging.notifyCheckpointComplete(key, id);
        }
        if (subsumed >= 0) {
            states.backend.notifyCheckpointSubsumed(subsumed);
            if (merging != null) {
                merging.notifyCheckpointSubsumed(key, subsumed);
            }
        }
    }

    void aborted(long id) throws Exception {
        states.backend.notifyCheckpointAborted(id);
        if (merging != null) {
            merging.notifyCheckpointAborted(key, id);
        }
    }

    @Override
    public void close() throws Exception {
        slot.close();
        if (mergingAccess != null) {
            mergingAccess.close();
        }
    }
}
