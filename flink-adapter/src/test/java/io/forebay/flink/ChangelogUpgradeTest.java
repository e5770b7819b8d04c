package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RunnableFuture;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.StateChangelogOptions;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.checkpoint.SavepointType;
import org.apache.flink.runtime.checkpoint.SnapshotType;
import org.apache.flink.runtime.state.CheckpointableKeyedStateBackend;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.StateBackendLoader;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.state.common.Materialization;
import org.apache.flink.state.common.PeriodicMaterializationManager.MaterializationTarget;
import org.apache.flink.util.StateMigrationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A job below Flink's changelog backend gives its state a time to live, and is rescaled while one subtask has materialized
 * the state since, and another has not.
 */
class ChangelogUpgradeTest {
    private static final KeyGroupRange ALL = new KeyGroupRange(0, 15);
    private static final KeyGroupRange LOWER = new KeyGroupRange(0, 7);
    private static final KeyGroupRange UPPER = new KeyGroupRange(8, 15);

    @TempDir
    private File temporary;

    private final List<Task> running = new ArrayList<>();
    private BackendHarness slot;
    private long snapshots;

    @BeforeEach
    void open() throws Exception {
        slot = BackendHarness.withChangelog();
    }

    @AfterEach
    void close() throws Exception {
        stop();
        slot.close();
    }

    private void stop() throws Exception {
        for (Task task : running) {
            task.backend.close();
            task.backend.dispose();
        }
        running.clear();
    }

    /** One subtask. Registers its state when it starts. */
    private final class Task {
        private final CheckpointableKeyedStateBackend<String> backend;
        private final MapState<String, Long> state;

        Task(KeyGroupRange range, boolean timeToLive, List<KeyedStateHandle> checkpoint) throws Exception {
            Configuration options = BackendHarness.options(temporary);
            options.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, false);
            Configuration job = new Configuration();
            job.set(StateChangelogOptions.ENABLE_STATE_CHANGE_LOG, true);
            StateBackend stateBackend = StateBackendLoader.fromApplicationOrConfigOrDefault(
                    new ForebayStateBackend(options),
                    job,
                    new Configuration(),
                    getClass().getClassLoader(),
                    null);
            backend = slot.wrapped(
                    stateBackend, StringSerializer.INSTANCE, 16, range, BackendHarness.assign(checkpoint, range));
            running.add(this);
            MapStateDescriptor<String, Long> descriptor =
                    new MapStateDescriptor<>("state", StringSerializer.INSTANCE, LongSerializer.INSTANCE);
            if (timeToLive) {
                descriptor.enableTimeToLive(
                        StateTtlConfig.newBuilder(Duration.ofDays(1)).build());
            }
            state = backend.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, descriptor);
        }

        /** Writes the entry of the one key that the test has in each half of the key groups. */
        void put(KeyGroupRange half, long value) throws Exception {
            select(half);
            state.put("entry", value);
        }

        void check(KeyGroupRange half, long value) throws Exception {
            select(half);
            assertThat(state.get("entry")).isEqualTo(value);
        }

        private void select(KeyGroupRange half) {
            int i = 0;
            while (!half.contains(KeyGroupRangeAssignment.assignToKeyGroup("key-" + i, 16))) {
                i++;
            }
            backend.setCurrentKey("key-" + i);
        }

        void materialize() throws Exception {
            Materialization.run((MaterializationTarget) backend);
        }
    }

    private List<KeyedStateHandle> stopWithCheckpoint() throws Exception {
        return stopWith(CheckpointType.CHECKPOINT);
    }

    /** The parts of all subtasks, which are stopped then. */
    private List<KeyedStateHandle> stopWith(SnapshotType type) throws Exception {
        snapshots++;
        List<KeyedStateHandle> parts = new ArrayList<>();
        for (Task task : running) {
            RunnableFuture<SnapshotResult<KeyedStateHandle>> snapshot =
                    task.backend.snapshot(snapshots, snapshots, BackendHarness.memory(), BackendHarness.options(type));
            snapshot.run();
            parts.add(snapshot.get().getJobManagerOwnedSnapshot());
        }
        stop();
        return parts;
    }

    @Test
    void aRescaledJobIsRestoredUntilItHasMaterialized() throws Exception {
        Task lower = new Task(LOWER, false, List.of());
        lower.put(LOWER, 1);
        lower.materialize();
        Task upper = new Task(UPPER, false, List.of());
        upper.put(UPPER, 2);
        upper.materialize();
        List<KeyedStateHandle> before = stopWithCheckpoint();

        lower = new Task(LOWER, true, before);
        lower.put(LOWER, 3);
        lower.materialize();
        new Task(UPPER, true, before);
        List<KeyedStateHandle> unlike = stopWithCheckpoint();

        Task both = new Task(ALL, true, unlike);
        both.check(UPPER, 2);
        both.put(UPPER, 4);
        List<KeyedStateHandle> rescaled = stopWithCheckpoint();
        for (int restart = 0; restart < 3; restart++) {
            both = new Task(ALL, true, rescaled);
            both.check(LOWER, 3 + restart);
            both.check(UPPER, 4);
            both.put(LOWER, 4 + restart);
            rescaled = stopWithCheckpoint();
        }
        both = new Task(ALL, true, rescaled);
        both.put(LOWER, 7);
        both.materialize();
        both = new Task(ALL, true, stopWithCheckpoint());
        both.check(LOWER, 7);
        both.check(UPPER, 4);
    }

    /** The part from before the upgrade has the higher generation: generations tell nothing about other key groups. */
    @Test
    void aLogFromBeforeTheUpgradeMigratesNoLaterPart() throws Exception {
        Task upper = new Task(UPPER, false, List.of());
        for (int restart = 0; restart < 3; restart++) {
            upper.put(UPPER, restart);
            upper.materialize();
            upper = new Task(UPPER, false, stopWithCheckpoint());
        }
        upper.put(UPPER, 3);
        upper.materialize();
        upper.put(UPPER, 5);
        Task lower = new Task(LOWER, false, List.of());
        lower.put(LOWER, 1);
        lower.materialize();
        List<KeyedStateHandle> before = stopWithCheckpoint();

        lower = new Task(LOWER, true, before);
        lower.put(LOWER, 2);
        lower.materialize();
        new Task(UPPER, true, before);
        List<KeyedStateHandle> unlike = stopWithCheckpoint();

        assertThatThrownBy(() -> new Task(ALL, true, unlike))
                .isInstanceOf(StateMigrationException.class)
                .hasMessageContaining("parts of the state state")
                .hasMessageContaining("with the job and at the parallelism that it was taken with");
        stop();

        // An idle subtask would never materialize its state.
        new Task(LOWER, true, unlike);
        new Task(UPPER, true, unlike);
        Task both = new Task(ALL, true, stopWith(SavepointType.savepoint(SavepointFormatType.NATIVE)));
        both.check(LOWER, 2);
        both.check(UPPER, 5);
    }
}
