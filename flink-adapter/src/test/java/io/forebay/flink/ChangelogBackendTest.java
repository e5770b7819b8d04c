package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.flink.ForebayOptions.TimerService;
import java.io.File;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RunnableFuture;
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
import org.apache.flink.runtime.state.KeyGroupedInternalPriorityQueue;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.StateBackendLoader;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.state.common.Materialization;
import org.apache.flink.state.common.PeriodicMaterializationManager.MaterializationTarget;
import org.apache.flink.streaming.api.operators.TimerHeapInternalTimer;
import org.apache.flink.streaming.api.operators.TimerSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Forebay below Flink's changelog backend, which takes native snapshots by itself, and logs changes between them. */
class ChangelogBackendTest {
    private static final KeyGroupRange ALL = new KeyGroupRange(0, 15);

    @TempDir
    private File temporary;

    private final Set<String> model = new HashSet<>();
    private BackendHarness slot;
    private CheckpointableKeyedStateBackend<String> backend;
    private KeyGroupedInternalPriorityQueue<TimerHeapInternalTimer<String, VoidNamespace>> timers;
    private long snapshots;

    @BeforeEach
    void open() throws Exception {
        slot = BackendHarness.withChangelog();
    }

    @AfterEach
    void close() throws Exception {
        dispose();
        slot.close();
    }

    private void dispose() throws Exception {
        if (backend != null) {
            backend.close();
            backend.dispose();
            backend = null;
        }
    }

    /** Starts the task anew. Checks the timers. */
    private void start(TimerService timerService, boolean changelog, KeyedStateHandle... handles) throws Exception {
        dispose();
        Configuration options = BackendHarness.options(temporary);
        options.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, false);
        options.set(ForebayOptions.TIMER_SERVICE_FACTORY, timerService);
        Configuration job = new Configuration();
        job.set(StateChangelogOptions.ENABLE_STATE_CHANGE_LOG, changelog);
        ClassLoader loader = getClass().getClassLoader();
        StateBackend stateBackend = StateBackendLoader.loadStateBackendFromKeyedStateHandles(
                StateBackendLoader.fromApplicationOrConfigOrDefault(
                        new ForebayStateBackend(options), job, new Configuration(), loader, null),
                loader,
                List.of(handles));
        backend = slot.wrapped(stateBackend, StringSerializer.INSTANCE, 16, ALL, List.of(handles));
        timers = backend.create(
                "timers", new TimerSerializer<>(StringSerializer.INSTANCE, VoidNamespaceSerializer.INSTANCE));
        Set<String> found = new HashSet<>();
        for (int keyGroup : ALL) {
            timers.getSubsetForKeyGroup(keyGroup).forEach(timer -> found.add(timer.getTimestamp() + timer.getKey()));
        }
        assertThat(found).isEqualTo(model);
    }

    /** Adds 20 timers, and removes 10 of those that were added by an earlier call. */
    private void change(int call) {
        for (int i = 0; i < 20; i++) {
            add(call, i);
        }
        for (int i = 0; i < 10 && call > 0; i++) {
            TimerHeapInternalTimer<String, VoidNamespace> removed = timer(call - 1, i);
            backend.setCurrentKey(removed.getKey());
            timers.remove(removed);
            model.remove(removed.getTimestamp() + removed.getKey());
        }
    }

    private void add(int call, int i) {
        TimerHeapInternalTimer<String, VoidNamespace> added = timer(call, i);
        backend.setCurrentKey(added.getKey());
        timers.add(added);
        model.add(added.getTimestamp() + added.getKey());
    }

    private static TimerHeapInternalTimer<String, VoidNamespace> timer(int call, int i) {
        return new TimerHeapInternalTimer<>(call * 100 + i, "key-" + i, VoidNamespace.INSTANCE);
    }

    private KeyedStateHandle snapshot(SnapshotType type) throws Exception {
        snapshots++;
        RunnableFuture<SnapshotResult<KeyedStateHandle>> snapshot =
                backend.snapshot(snapshots, snapshots, BackendHarness.memory(), BackendHarness.options(type));
        snapshot.run();
        return snapshot.get().getJobManagerOwnedSnapshot();
    }

    private KeyedStateHandle checkpoint() throws Exception {
        return snapshot(CheckpointType.CHECKPOINT);
    }

    @ParameterizedTest
    @EnumSource(TimerService.class)
    void timersAreInAMaterialization(TimerService timerService) throws Exception {
        start(timerService, true);
        change(0);
        start(timerService, true, checkpoint());
        change(1);
        Materialization.run((MaterializationTarget) backend);
        start(timerService, true, checkpoint());
        change(2);
        Materialization.run((MaterializationTarget) backend);
        change(3);
        KeyedStateHandle both = checkpoint();
        start(timerService, true, both);
        start(timerService == TimerService.HEAP ? TimerService.FOREBAY : TimerService.HEAP, true, both);
    }

    @ParameterizedTest
    @EnumSource(TimerService.class)
    void timersStayWhenTheChangelogIsSwitchedOnAndOff(TimerService timerService) throws Exception {
        start(timerService, false);
        change(0);
        start(timerService, true, checkpoint());
        change(1);
        Materialization.run((MaterializationTarget) backend);
        change(2);
        // Flink still wraps the backend, because the handles are of the changelog backend.
        start(timerService, false, checkpoint());
        change(3);
        start(timerService, false, checkpoint());
        change(4);
        start(timerService, false, checkpoint());
    }

    @ParameterizedTest
    @EnumSource(TimerService.class)
    void timersAreInANativeSavepoint(TimerService timerService) throws Exception {
        start(timerService, true);
        change(0);
        KeyedStateHandle savepoint = snapshot(SavepointType.savepoint(SavepointFormatType.NATIVE));
        start(timerService, true, savepoint);
        start(timerService, false, savepoint);
    }
}
