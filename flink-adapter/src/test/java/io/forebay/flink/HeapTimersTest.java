package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.flink.ForebayOptions.TimerService;
import io.forebay.flink.registry.CollidingNames;
import io.forebay.flink.registry.StateKind;
import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.checkpoint.SavepointType;
import org.apache.flink.runtime.checkpoint.SnapshotType;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupedInternalPriorityQueue;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.testutils.statemigration.TestType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Timers on the heap are in every snapshot, whoever asks for it, and between snapshots not in the store. */
class HeapTimersTest {
    private static final KeyGroupRange ALL = new KeyGroupRange(0, 15);

    @TempDir
    private File temporary;

    private final Random random = new Random(11);
    private final KeyedModel model = new KeyedModel(16);
    private final BackendHarness slot = new BackendHarness(128 << 20);

    @AfterEach
    void close() throws Exception {
        slot.close();
    }

    private ForebayKeyedStateBackend<String> open(
            TimerService timers, KeyGroupRange range, List<? extends KeyedStateHandle> handles) throws Exception {
        Configuration options = BackendHarness.options(temporary);
        options.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, false);
        options.set(ForebayOptions.TIMER_SERVICE_FACTORY, timers);
        return slot.forebay(options, StringSerializer.INSTANCE, 16, range, BackendHarness.assign(handles, range));
    }

    private static KeyedStateHandle snapshot(ForebayKeyedStateBackend<String> backend, SnapshotType type)
            throws Exception {
        return BackendHarness.snapshot(backend, 1, type, BackendHarness.memory())
                .getJobManagerOwnedSnapshot();
    }

    private static KeyedStateHandle checkpoint(ForebayKeyedStateBackend<String> backend) throws Exception {
        return snapshot(backend, CheckpointType.CHECKPOINT);
    }

    @Test
    void theRuntimeNeedNotWriteThem() throws Exception {
        ForebayKeyedStateBackend<String> heap = open(TimerService.HEAP, ALL, List.of());
        for (SnapshotType type : List.of(
                CheckpointType.CHECKPOINT,
                CheckpointType.FULL_CHECKPOINT,
                SavepointType.savepoint(SavepointFormatType.NATIVE),
                SavepointType.savepoint(SavepointFormatType.CANONICAL))) {
            assertThat(heap.requiresLegacySynchronousTimerSnapshots(type)).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource(TimerService.class)
    void nativeSnapshotsTakeThemThroughChangesOfTheParallelism(TimerService last) throws Exception {
        List<KeyedStateHandle> handles = List.of();
        for (int parallelism : new int[] {1, 3, 2, 1}) {
            List<KeyedModel.States> subtasks = new ArrayList<>();
            for (KeyGroupRange range : model.ranges(parallelism)) {
                subtasks.add(new KeyedModel.States(open(TimerService.HEAP, range, handles)));
            }
            for (KeyedModel.States subtask : subtasks) {
                model.check(subtask);
            }
            model.change(random, subtasks, 3000);
            handles = new ArrayList<>();
            for (KeyedModel.States subtask : subtasks) {
                SnapshotType type = parallelism == 2
                        ? SavepointType.savepoint(SavepointFormatType.NATIVE)
                        : CheckpointType.CHECKPOINT;
                handles.add(snapshot((ForebayKeyedStateBackend<String>) subtask.backend, type));
                model.check(subtask);
                slot.dispose(subtask.backend);
            }
        }
        model.check(new KeyedModel.States(open(last, ALL, handles)));
    }

    private static KeyGroupedInternalPriorityQueue<TestType> queue(ForebayKeyedStateBackend<String> backend) {
        return backend.create("queue", new MaskedSerializer(1));
    }

    @Test
    void betweenSnapshotsTheStoreHasNoRowOfThem() throws Exception {
        ForebayKeyedStateBackend<String> backend = open(TimerService.HEAP, ALL, List.of());
        model.change(random, List.of(new KeyedModel.States(backend)), 1000);
        KeyGroupedInternalPriorityQueue<TestType> queue = queue(backend);
        for (int i = 0; i < 40; i++) {
            queue.add(new TestType("key-" + i, i));
        }
        int rows = backend.numKeyValueStateEntries();
        KeyedStateHandle first = checkpoint(backend);
        assertThat(backend.numKeyValueStateEntries()).isEqualTo(rows);
        // Which refuses rows of a state that it does not number.
        KeyedStateHandle savepoint = BackendHarness.canonicalSavepoint(backend);
        for (KeyedStateHandle handle : List.of(first, savepoint)) {
            ForebayKeyedStateBackend<String> restored = open(TimerService.HEAP, ALL, List.of(handle));
            assertThat(restored.numKeyValueStateEntries()).isEqualTo(rows);
            model.check(new KeyedModel.States(restored));
            assertThat(queue(restored).size()).isEqualTo(40);
        }
    }

    @Test
    void anEmptyQueueAndOneThatIsNotUsedAreRestored() throws Exception {
        ForebayKeyedStateBackend<String> backend = open(TimerService.HEAP, ALL, List.of());
        backend.<TestType>create("empty", new MaskedSerializer(1));
        backend.<TestType>create("unused", new MaskedSerializer(2)).add(new TestType("key", 42));
        ForebayKeyedStateBackend<String> unused = open(TimerService.HEAP, ALL, List.of(checkpoint(backend)));
        for (TimerService timers : TimerService.values()) {
            ForebayKeyedStateBackend<String> used = open(timers, ALL, List.of(checkpoint(unused)));
            assertThat(used.<TestType>create("empty", new MaskedSerializer(1)).isEmpty())
                    .isTrue();
            assertThat(used.<TestType>create("unused", new MaskedSerializer(2)).poll())
                    .isEqualTo(new TestType("key", 42));
        }
    }

    @Test
    void queuesWhoseIdsMeetAreRefusedByName() throws Exception {
        String[] names = CollidingNames.find(StateKind.PRIORITY_QUEUE);
        ForebayKeyedStateBackend<String> backend = open(TimerService.HEAP, ALL, List.of());
        backend.<TestType>create(names[0], new MaskedSerializer(1));
        assertThatThrownBy(() -> backend.<TestType>create(names[1], new MaskedSerializer(1)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("The states '" + names[0] + "' and '" + names[1] + "' of one operator hash");
    }

    private static final class Failing extends TestType.V1TestTypeSerializer {
        private static final long serialVersionUID = 1L;

        private boolean fails;
        private int serialized;

        @Override
        public void serialize(TestType value, DataOutputView out) throws IOException {
            if (fails && serialized++ == 10) {
                throw new IOException("not this one");
            }
            super.serialize(value, out);
        }

        @Override
        public TypeSerializer<TestType> duplicate() {
            return this;
        }
    }

    @Test
    void aSnapshotThatFailedAmongThemLeavesNoRow() throws Exception {
        ForebayKeyedStateBackend<String> backend = open(TimerService.HEAP, ALL, List.of());
        BackendHarness.state(backend, new ValueStateDescriptor<>("value", IntSerializer.INSTANCE));
        Failing serializer = new Failing();
        KeyGroupedInternalPriorityQueue<TestType> queue = backend.create("queue", serializer);
        for (int i = 0; i < 30; i++) {
            queue.add(new TestType("key-" + i, i));
        }
        serializer.fails = true;
        assertThatThrownBy(() -> checkpoint(backend)).hasStackTraceContaining("not this one");
        serializer.fails = false;
        assertThat(backend.numKeyValueStateEntries()).isZero();
        for (KeyedStateHandle handle : List.of(checkpoint(backend), BackendHarness.canonicalSavepoint(backend))) {
            assertThat(open(TimerService.HEAP, ALL, List.of(handle))
                            .<TestType>create("queue", new Failing())
                            .size())
                    .isEqualTo(30);
        }
    }
}
