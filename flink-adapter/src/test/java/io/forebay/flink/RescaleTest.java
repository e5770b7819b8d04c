package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.checkpoint.SavepointType;
import org.apache.flink.runtime.checkpoint.SnapshotType;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SharedStateRegistry;
import org.apache.flink.runtime.state.SharedStateRegistryImpl;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Restores at other parallelisms, compared with a model of the whole job. */
@Tag("smoke")
class RescaleTest {
    private static final long SEED = Long.getLong("forebay.seed", System.nanoTime());

    @TempDir
    private File temporary;

    private final SharedStateRegistry jobManager = new SharedStateRegistryImpl();
    private long checkpointId;

    @BeforeEach
    void tellTheSeed() {
        System.out.println("-Dforebay.seed=" + SEED);
    }

    /** One job at one parallelism. */
    private final class Job implements AutoCloseable {
        final BackendHarness slot = new BackendHarness(256 << 20);
        final List<KeyedModel.States> subtasks = new ArrayList<>();

        Job(KeyedModel model, int maxParallelism, int parallelism, List<? extends KeyedStateHandle> handles)
                throws Exception {
            Configuration options = BackendHarness.options(temporary);
            for (KeyGroupRange range : model.ranges(parallelism)) {
                subtasks.add(new KeyedModel.States(slot.forebay(
                        options,
                        StringSerializer.INSTANCE,
                        maxParallelism,
                        range,
                        BackendHarness.assign(handles, range))));
            }
        }

        /** A checkpoint that the JobManager completes. Its handles still show what was only referred to. */
        List<IncrementalRemoteKeyedStateHandle> checkpoint(SnapshotType type) throws Exception {
            checkpointId++;
            List<IncrementalRemoteKeyedStateHandle> handles = new ArrayList<>();
            for (KeyedModel.States subtask : subtasks) {
                handles.add(BackendHarness.remote(
                        BackendHarness.snapshot(subtask.backend, checkpointId, type, BackendHarness.memory())));
            }
            return handles;
        }

        /** Nothing is left for compactions to do, so that the next files stay as they are until something is written. */
        List<IncrementalRemoteKeyedStateHandle> settledCheckpoint() throws Exception {
            for (KeyedModel.States subtask : subtasks) {
                BackendHarness.settle(subtask.backend);
            }
            return checkpoint(CheckpointType.CHECKPOINT);
        }

        void complete(List<IncrementalRemoteKeyedStateHandle> handles) throws Exception {
            for (IncrementalRemoteKeyedStateHandle handle : handles) {
                handle.registerSharedStates(jobManager, checkpointId);
            }
            for (KeyedModel.States subtask : subtasks) {
                subtask.backend.notifyCheckpointComplete(checkpointId);
            }
        }

        @Override
        public void close() throws Exception {
            slot.close();
        }
    }

    @ParameterizedTest
    @CsvSource({"128", "10", "300"})
    void everyRestoreHasTheStateOfItsKeyGroups(int maxParallelism) throws Exception {
        Random random = new Random(SEED);
        KeyedModel model = new KeyedModel(maxParallelism);
        List<IncrementalRemoteKeyedStateHandle> handles = List.of();
        for (int parallelism : new int[] {1, 3, 2, 7, 4, 8, 1, 5, 5, 2}) {
            try (Job job = new Job(model, maxParallelism, parallelism, handles)) {
                for (KeyedModel.States subtask : job.subtasks) {
                    model.check(subtask);
                }
                for (int i = random.nextInt(3); i >= 0; i--) {
                    model.change(random, job.subtasks, 1500);
                    if (i > 0) {
                        job.complete(job.checkpoint(CheckpointType.CHECKPOINT));
                    }
                }
                SnapshotType type = random.nextInt(4) == 0
                        ? SavepointType.savepoint(SavepointFormatType.NATIVE)
                        : CheckpointType.CHECKPOINT;
                handles = job.checkpoint(type);
                job.complete(handles);
                for (KeyedModel.States subtask : job.subtasks) {
                    model.check(subtask);
                }
            }
        }
    }

    @Test
    void theFirstCheckpointAfterARescaleSendsOnlyNewFiles() throws Exception {
        Random random = new Random(SEED);
        KeyedModel model = new KeyedModel(128);
        List<IncrementalRemoteKeyedStateHandle> handles;
        try (Job job = new Job(model, 128, 3, List.of())) {
            for (KeyedModel.States subtask : job.subtasks) {
                BackendHarness.addBallast(subtask.backend);
            }
            for (int i = 0; i < 3; i++) {
                model.change(random, job.subtasks, 3000);
                job.complete(job.checkpoint(CheckpointType.CHECKPOINT));
            }
            handles = job.settledCheckpoint();
            job.complete(handles);
        }
        for (int parallelism : new int[] {2, 5, 3}) {
            Set<String> inStorage = new HashSet<>();
            handles.forEach(
                    handle -> inStorage.addAll(BackendHarness.references(handle).keySet()));
            try (Job job = new Job(model, 128, parallelism, handles)) {
                model.change(random, job.subtasks, 100);
                handles = job.checkpoint(CheckpointType.CHECKPOINT);
                int referred = 0;
                for (IncrementalRemoteKeyedStateHandle handle : handles) {
                    for (Map.Entry<String, Boolean> file :
                            BackendHarness.references(handle).entrySet()) {
                        assertThat(file.getValue())
                                .as("%s is referred to iff the storage has it", file.getKey())
                                .isEqualTo(inStorage.contains(file.getKey()));
                        referred += file.getValue() ? 1 : 0;
                    }
                }
                assertThat(referred).as("files that were not sent again").isPositive();
                job.complete(handles);
                for (KeyedModel.States subtask : job.subtasks) {
                    model.check(subtask);
                }
                handles = job.settledCheckpoint();
                job.complete(handles);
            }
        }
    }

    @Test
    void theFirstCheckpointOfAJobThatDoesNotOwnItsSnapshotSendsAllFiles() throws Exception {
        Random random = new Random(SEED);
        KeyedModel model = new KeyedModel(16);
        List<IncrementalRemoteKeyedStateHandle> handles;
        try (Job job = new Job(model, 16, 2, List.of())) {
            for (KeyedModel.States subtask : job.subtasks) {
                BackendHarness.addBallast(subtask.backend);
            }
            model.change(random, job.subtasks, 3000);
            handles = job.checkpoint(CheckpointType.CHECKPOINT);
            job.complete(handles);
        }
        try (Job job = new Job(model, 16, 3, handles)) {
            handles = job.checkpoint(CheckpointType.FULL_CHECKPOINT);
            for (IncrementalRemoteKeyedStateHandle handle : handles) {
                assertThat(BackendHarness.references(handle)).isNotEmpty().doesNotContainValue(true);
            }
            // Before the full checkpoint is known to be complete, neither copy may be referred to.
            for (IncrementalRemoteKeyedStateHandle handle : job.checkpoint(CheckpointType.CHECKPOINT)) {
                assertThat(BackendHarness.references(handle)).isNotEmpty().doesNotContainValue(true);
            }
        }
        try (Job job = new Job(model, 16, 3, handles)) {
            for (KeyedModel.States subtask : job.subtasks) {
                BackendHarness.settle(subtask.backend);
            }
            handles = job.checkpoint(CheckpointType.FULL_CHECKPOINT);
            job.complete(handles);
            for (IncrementalRemoteKeyedStateHandle handle : job.checkpoint(CheckpointType.CHECKPOINT)) {
                assertThat(BackendHarness.references(handle)).isNotEmpty().containsValue(true);
            }
            for (KeyedModel.States subtask : job.subtasks) {
                model.check(subtask);
            }
        }
    }
}
