package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.util.List;
import java.util.Random;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.operators.testutils.MockEnvironment;
import org.apache.flink.runtime.state.IncrementalLocalKeyedStateHandle;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.LocalRecoveryConfig;
import org.apache.flink.runtime.state.LocalSnapshotDirectoryProviderImpl;
import org.apache.flink.runtime.state.SharedStateRegistryImpl;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.TestTaskStateManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checkpoints that leave a copy on the TaskManager, and restores from it. */
class LocalRecoveryTest {
    private static final KeyGroupRange ALL = new KeyGroupRange(0, 15);

    @TempDir
    private File temporary;

    private final Random random = new Random(9);
    private final KeyedModel model = new KeyedModel(16);
    private final SharedStateRegistryImpl jobManager = new SharedStateRegistryImpl();
    private BackendHarness slot;
    private File local;

    @BeforeEach
    void open() {
        local = new File(temporary, "local");
        LocalRecoveryConfig config = LocalRecoveryConfig.backupAndRecoveryEnabled(
                new LocalSnapshotDirectoryProviderImpl(local, new JobID(), new JobVertexID(), 0));
        slot = new BackendHarness(MockEnvironment.builder()
                .setManagedMemorySize(64 << 20)
                .setTaskStateManager(TestTaskStateManager.builder()
                        .setLocalRecoveryConfig(config)
                        .build())
                .build());
    }

    @AfterEach
    void close() throws Exception {
        slot.close();
    }

    private KeyedModel.States states(KeyGroupRange range, List<? extends KeyedStateHandle> handles) throws Exception {
        return new KeyedModel.States(slot.forebay(
                BackendHarness.options(new File(temporary, "db")),
                StringSerializer.INSTANCE,
                16,
                range,
                BackendHarness.assign(handles, range)));
    }

    private SnapshotResult<KeyedStateHandle> checkpoint(KeyedModel.States states, long id) throws Exception {
        SnapshotResult<KeyedStateHandle> result =
                BackendHarness.snapshot(states.backend, id, CheckpointType.CHECKPOINT, BackendHarness.memory());
        result.getJobManagerOwnedSnapshot().registerSharedStates(jobManager, id);
        states.backend.notifyCheckpointComplete(id);
        return result;
    }

    @Test
    void theLocalCopyIsAllThatARestoreNeeds() throws Exception {
        KeyedModel.States states = states(ALL, List.of());
        BackendHarness.addBallast(states.backend);
        for (long id = 1; id <= 3; id++) {
            model.change(random, List.of(states), 1000);
            if (id == 3) {
                BackendHarness.settle(states.backend);
            }
            SnapshotResult<KeyedStateHandle> result = checkpoint(states, id);
            KeyedStateHandle copy = result.getTaskLocalSnapshot();
            assertThat(copy).isInstanceOf(IncrementalLocalKeyedStateHandle.class);
            slot.dispose(states.backend);

            states = states(ALL, List.of(copy));
            model.check(states);
            assertThat(((IncrementalLocalKeyedStateHandle) copy)
                            .getDirectoryStateHandle()
                            .getDirectory()
                            .toFile()
                            .list())
                    .as("the copy is linked, not moved")
                    .isNotEmpty();
        }
        // What is in the checkpoint storage already is known after a local restore as well.
        IncrementalRemoteKeyedStateHandle next = BackendHarness.remote(checkpoint(states, 4));
        assertThat(next.getSharedState()).isNotEmpty();
        assertThat(next.getCheckpointedSize()).isLessThan(next.getStateSize());
    }

    @Test
    void aLocalCopyCanBeRestoredInParts() throws Exception {
        KeyedModel.States states = states(ALL, List.of());
        model.change(random, List.of(states), 3000);
        KeyedStateHandle copy = checkpoint(states, 1).getTaskLocalSnapshot();
        slot.dispose(states.backend);
        for (KeyGroupRange range : model.ranges(3)) {
            model.check(states(range, List.of(copy)));
        }
    }

    /** As under the changelog backend after a change of the parallelism. */
    @Test
    void aCopyAndItsSnapshotAreTheSameAndANewerCopyComesBeforeBoth() throws Exception {
        KeyedModel.States states = states(ALL, List.of());
        model.change(random, List.of(states), 3000);
        SnapshotResult<KeyedStateHandle> whole = checkpoint(states, 1);
        slot.dispose(states.backend);
        List<KeyedStateHandle> both = List.of(whole.getJobManagerOwnedSnapshot(), whole.getTaskLocalSnapshot());
        model.check(states(ALL, both));

        KeyedModel.States lower = states(new KeyGroupRange(0, 7), both);
        model.changeOwned(random, List.of(lower), 3000);
        SnapshotResult<KeyedStateHandle> half = checkpoint(lower, 2);
        for (KeyedStateHandle newer : List.of(half.getTaskLocalSnapshot(), half.getJobManagerOwnedSnapshot())) {
            for (KeyedStateHandle older : both) {
                model.check(states(ALL, List.of(older, newer)));
            }
        }
    }

    @Test
    void aDiscardedCopyLeavesNothingBehind() throws Exception {
        KeyedModel.States states = states(ALL, List.of());
        model.change(random, List.of(states), 1000);
        KeyedStateHandle copy = checkpoint(states, 1).getTaskLocalSnapshot();
        assertThat(BackendHarness.files(local)).isPositive();
        copy.discardState();
        assertThat(BackendHarness.files(local)).isZero();
        model.check(states);
    }
}
