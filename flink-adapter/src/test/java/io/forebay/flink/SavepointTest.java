package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.flink.ForebayOptions.TimerService;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.state.AbstractKeyedStateBackend;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupsSavepointStateHandle;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.runtime.testutils.statemigration.TestType;
import org.apache.flink.util.StateMigrationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Canonical savepoints between Forebay and the heap backend, and between rows and heap objects as timers. */
class SavepointTest {
    @TempDir
    private File temporary;

    private final Random random = new Random(7);
    private final BackendHarness slot = new BackendHarness(256 << 20);

    @AfterEach
    void close() throws Exception {
        slot.close();
    }

    private AbstractKeyedStateBackend<String> forebay(
            TimerService timers, int maxParallelism, KeyGroupRange range, List<? extends KeyedStateHandle> handles)
            throws Exception {
        Configuration options = BackendHarness.options(temporary);
        options.set(ForebayOptions.TIMER_SERVICE_FACTORY, timers);
        return slot.forebay(
                options, StringSerializer.INSTANCE, maxParallelism, range, BackendHarness.assign(handles, range));
    }

    private AbstractKeyedStateBackend<String> heap(
            int maxParallelism, KeyGroupRange range, List<? extends KeyedStateHandle> handles) throws Exception {
        return slot.create(
                new HashMapStateBackend(),
                StringSerializer.INSTANCE,
                maxParallelism,
                range,
                BackendHarness.assign(handles, range));
    }

    /** One leg of a journey: opens the backends, checks them, changes them, and takes a savepoint. */
    private List<KeyedStateHandle> leg(KeyedModel model, List<AbstractKeyedStateBackend<String>> backends)
            throws Exception {
        List<KeyedModel.States> subtasks = new ArrayList<>();
        for (AbstractKeyedStateBackend<String> backend : backends) {
            subtasks.add(new KeyedModel.States(backend));
            model.check(subtasks.get(subtasks.size() - 1));
        }
        model.change(random, subtasks, 4000);
        List<KeyedStateHandle> savepoint = new ArrayList<>();
        for (KeyedModel.States subtask : subtasks) {
            model.check(subtask);
            savepoint.add(BackendHarness.canonicalSavepoint(subtask.backend));
            slot.dispose(subtask.backend);
        }
        assertThat(savepoint).allMatch(handle -> handle instanceof KeyGroupsSavepointStateHandle);
        return savepoint;
    }

    @ParameterizedTest
    @CsvSource({"128,FOREBAY", "300,FOREBAY", "128,HEAP", "300,HEAP"})
    void stateTravelsToTheHeapBackendAndBack(int maxParallelism, TimerService timers) throws Exception {
        KeyedModel model = new KeyedModel(maxParallelism);
        List<KeyedStateHandle> savepoint = List.of();
        for (int parallelism : new int[] {2, 3, 1}) {
            List<AbstractKeyedStateBackend<String>> backends = new ArrayList<>();
            for (KeyGroupRange range : model.ranges(parallelism)) {
                backends.add(forebay(timers, maxParallelism, range, savepoint));
            }
            savepoint = leg(model, backends);
            backends.clear();
            for (KeyGroupRange range : model.ranges(parallelism + 1)) {
                backends.add(heap(maxParallelism, range, savepoint));
            }
            savepoint = leg(model, backends);
        }
    }

    /** The heap backend writes a key group in the order of a hash table, and each list as one value. */
    @Test
    void listsLargerThanMemoryComeFromTheHeapBackend() throws Exception {
        KeyGroupRange range = new KeyGroupRange(0, 0);
        ListStateDescriptor<String> descriptor = new ListStateDescriptor<>("list", StringSerializer.INSTANCE);
        AbstractKeyedStateBackend<String> heap = heap(1, range, List.of());
        ListState<String> written = BackendHarness.state(heap, descriptor);
        String element = "x".repeat(500_000);
        for (int key = 0; key < 8; key++) {
            heap.setCurrentKey("key " + key);
            for (int i = 0; i < 10; i++) {
                written.add(element + key);
            }
        }
        KeyedStateHandle savepoint = BackendHarness.canonicalSavepoint(heap);
        slot.dispose(heap);
        Configuration options = BackendHarness.options(temporary);
        options.set(ForebayOptions.FIXED_MEMORY_PER_SLOT, MemorySize.parse("4mb"));
        AbstractKeyedStateBackend<String> forebay =
                slot.forebay(options, StringSerializer.INSTANCE, 1, range, List.of(savepoint));
        ListState<String> restored = BackendHarness.state(forebay, descriptor);
        for (int key = 0; key < 8; key++) {
            forebay.setCurrentKey("key " + key);
            assertThat(restored.get()).hasSize(10).containsOnly(element + key);
        }
    }

    @ParameterizedTest
    @EnumSource(TimerService.class)
    void aSavepointOfForebayFeedsEitherTimerService(TimerService restored) throws Exception {
        KeyGroupRange range = new KeyGroupRange(0, 127);
        KeyedModel model = new KeyedModel(128);
        List<KeyedStateHandle> savepoint = List.of();
        for (TimerService timers : new TimerService[] {TimerService.FOREBAY, TimerService.HEAP, restored}) {
            savepoint = leg(model, List.of(forebay(timers, 128, range, savepoint)));
        }
    }

    @Test
    void aNativeSnapshotWithTimersAsRowsCanBeRestoredWithHeapTimers() throws Exception {
        KeyGroupRange range = new KeyGroupRange(0, 127);
        KeyedModel model = new KeyedModel(128);
        KeyedModel.States rows = new KeyedModel.States(forebay(TimerService.FOREBAY, 128, range, List.of()));
        model.change(random, List.of(rows), 4000);
        KeyedStateHandle snapshot = BackendHarness.remote(
                BackendHarness.snapshot(rows.backend, 1, CheckpointType.CHECKPOINT, BackendHarness.memory()));
        slot.dispose(rows.backend);
        KeyedModel.States heap = new KeyedModel.States(forebay(TimerService.HEAP, 128, range, List.of(snapshot)));
        model.check(heap);
        model.change(random, List.of(heap), 1000);
        model.check(heap);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5, 100, 4000})
    void aCheckpointOfTheHeapBackendIsRefusedByName(int changes) throws Exception {
        KeyedModel model = new KeyedModel(16);
        KeyGroupRange range = new KeyGroupRange(0, 15);
        KeyedModel.States states = new KeyedModel.States(heap(16, range, List.of()));
        model.change(random, List.of(states), changes);
        KeyedStateHandle checkpoint = BackendHarness.snapshot(
                        states.backend, 1, CheckpointType.CHECKPOINT, BackendHarness.memory())
                .getJobManagerOwnedSnapshot();
        assertThatThrownBy(() -> forebay(TimerService.FOREBAY, 16, range, List.of(checkpoint)))
                .hasStackTraceContaining("move over with a savepoint in canonical format");
    }

    /** Elements are the keys of rows: in another format they would be other elements. */
    @Test
    void aQueueWhoseElementsHaveAnotherFormatIsRefused() throws Exception {
        KeyGroupRange range = new KeyGroupRange(0, 15);
        AbstractKeyedStateBackend<String> backend = forebay(TimerService.FOREBAY, 16, range, List.of());
        backend.<TestType>create("queue", new TestType.V1TestTypeSerializer()).add(new TestType("key", 42));
        KeyedStateHandle checkpoint = BackendHarness.remote(
                BackendHarness.snapshot(backend, 1, CheckpointType.CHECKPOINT, BackendHarness.memory()));
        slot.dispose(backend);
        AbstractKeyedStateBackend<String> restored = forebay(TimerService.FOREBAY, 16, range, List.of(checkpoint));
        assertThatThrownBy(() -> restored.<TestType>create("queue", new TestType.V2TestTypeSerializer()))
                .hasCauseInstanceOf(StateMigrationException.class)
                .hasMessageContaining("queue")
                .hasMessageContaining("another format");
        slot.dispose(restored);
        AbstractKeyedStateBackend<String> again = forebay(TimerService.FOREBAY, 16, range, List.of(checkpoint));
        assertThat(again.<TestType>create("queue", new TestType.V1TestTypeSerializer())
                        .poll())
                .isEqualTo(new TestType("key", 42));
    }
}
