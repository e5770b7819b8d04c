package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.flink.ForebayOptions.TimerService;
import java.io.File;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.testutils.statemigration.TestType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checkpoints some of whose parts are native and some canonical, brought together by a rescale. */
class MixedRestoreTest {
    private static final KeyGroupRange ALL = new KeyGroupRange(0, 15);

    @TempDir
    private File temporary;

    private final Random random = new Random(11);
    private final BackendHarness slot = new BackendHarness(256 << 20);

    @AfterEach
    void close() throws Exception {
        slot.close();
    }

    private <K> ForebayKeyedStateBackend<K> open(
            TypeSerializer<K> keys,
            TimerService timers,
            int maxParallelism,
            KeyGroupRange range,
            List<? extends KeyedStateHandle> handles)
            throws Exception {
        Configuration options = BackendHarness.options(temporary);
        options.set(ForebayOptions.TIMER_SERVICE_FACTORY, timers);
        return slot.forebay(options, keys, maxParallelism, range, BackendHarness.assign(handles, range));
    }

    private ForebayKeyedStateBackend<String> open(KeyGroupRange range, List<? extends KeyedStateHandle> handles)
            throws Exception {
        return open(StringSerializer.INSTANCE, TimerService.FOREBAY, 16, range, handles);
    }

    private static IncrementalRemoteKeyedStateHandle checkpoint(ForebayKeyedStateBackend<?> backend, long id)
            throws Exception {
        return BackendHarness.remote(
                BackendHarness.snapshot(backend, id, CheckpointType.CHECKPOINT, BackendHarness.memory()));
    }

    @ParameterizedTest
    @CsvSource({"16,FOREBAY,1", "16,FOREBAY,2", "300,FOREBAY,4", "16,HEAP,2", "300,HEAP,1"})
    void partsOfBothKindsGiveTheWholeState(int maxParallelism, TimerService timers, int parallelism) throws Exception {
        KeyedModel model = new KeyedModel(maxParallelism);
        List<ForebayKeyedStateBackend<String>> before = new ArrayList<>();
        List<KeyedModel.States> states = new ArrayList<>();
        for (KeyGroupRange range : model.ranges(5)) {
            before.add(open(StringSerializer.INSTANCE, TimerService.FOREBAY, maxParallelism, range, List.of()));
            states.add(new KeyedModel.States(before.get(before.size() - 1)));
        }
        model.change(random, states, 6000);
        List<KeyedStateHandle> parts = new ArrayList<>();
        for (int i = 0; i < before.size(); i++) {
            parts.add(i % 2 == 0 ? checkpoint(before.get(i), 1) : BackendHarness.canonicalSavepoint(before.get(i)));
            slot.dispose(before.get(i));
        }
        Collections.shuffle(parts, random);
        List<KeyedModel.States> after = new ArrayList<>();
        for (KeyGroupRange range : model.ranges(parallelism)) {
            after.add(new KeyedModel.States(open(StringSerializer.INSTANCE, timers, maxParallelism, range, parts)));
            model.check(after.get(after.size() - 1));
        }
        model.change(random, after, 2000);
        for (KeyedModel.States subtask : after) {
            model.check(subtask);
        }
    }

    @Test
    void theNextCheckpointRefersToTheFilesOfTheNativePart() throws Exception {
        KeyGroupRange lower = new KeyGroupRange(0, 7);
        ForebayKeyedStateBackend<String> first = open(lower, List.of());
        BackendHarness.addBallast(first);
        ForebayKeyedStateBackend<String> second = open(new KeyGroupRange(8, 15), List.of());
        BackendHarness.addBallast(second);
        IncrementalRemoteKeyedStateHandle nativePart = checkpoint(first, 1);
        KeyedStateHandle canonicalPart = BackendHarness.canonicalSavepoint(second);
        int rows = first.numKeyValueStateEntries() + second.numKeyValueStateEntries();
        ForebayKeyedStateBackend<String> both = open(ALL, List.of(canonicalPart, nativePart));
        assertThat(both.numKeyValueStateEntries()).isEqualTo(rows);
        IncrementalRemoteKeyedStateHandle next = checkpoint(both, 2);
        Map<String, Boolean> files = BackendHarness.references(next);
        assertThat(files).containsValue(true).containsValue(false);
        BackendHarness.checkReferences(nativePart, next);
        assertThat(next.getBackendIdentifier()).isNotEqualTo(nativePart.getBackendIdentifier());
    }

    @Test
    void twoPartsOfTheSameKeyGroupsAreRefused() throws Exception {
        KeyedModel model = new KeyedModel(16);
        ForebayKeyedStateBackend<String> backend = open(ALL, List.of());
        model.change(random, List.of(new KeyedModel.States(backend)), 100);
        KeyedStateHandle savepoint =
                BackendHarness.canonicalSavepoint(backend).getIntersection(new KeyGroupRange(3, 5));
        KeyedStateHandle nativeSnapshot = checkpoint(backend, 1);
        assertThatThrownBy(() -> open(ALL, List.of(savepoint, nativeSnapshot)))
                .hasStackTraceContaining("The key groups ")
                .hasStackTraceContaining("are in two parts of the snapshot");
    }

    private static void put(ForebayKeyedStateBackend<String> backend, TypeSerializer<TestType> serializer)
            throws Exception {
        ValueState<TestType> state = BackendHarness.state(backend, new ValueStateDescriptor<>("upgraded", serializer));
        for (int i = 0; i < 100; i++) {
            String key = "key-" + i;
            int keyGroup = KeyGroupRangeAssignment.assignToKeyGroup(key, 16);
            if (backend.getKeyGroupRange().contains(keyGroup)) {
                backend.setCurrentKey(key);
                state.update(new TestType(key, i));
            }
        }
    }

    private static void check(ForebayKeyedStateBackend<String> backend, TypeSerializer<TestType> serializer)
            throws Exception {
        ValueState<TestType> state = BackendHarness.state(backend, new ValueStateDescriptor<>("upgraded", serializer));
        for (int i = 0; i < 100; i++) {
            String key = "key-" + i;
            if (backend.getKeyGroupRange().contains(KeyGroupRangeAssignment.assignToKeyGroup(key, 16))) {
                backend.setCurrentKey(key);
                assertThat(state.value()).isEqualTo(new TestType(key, i));
            }
        }
    }

    /** One of two subtasks has used the state since the upgrade, and so migrated its values. */
    @ParameterizedTest
    @CsvSource({"true,true", "true,false", "false,true", "false,false"})
    void partsFromBeforeAndAfterAnUpgradeAreEachReadAsTheyWereWritten(boolean nativeBefore, boolean nativeAfter)
            throws Exception {
        ForebayKeyedStateBackend<String> first = open(new KeyGroupRange(0, 7), List.of());
        put(first, new TestType.V1TestTypeSerializer());
        ForebayKeyedStateBackend<String> second = open(new KeyGroupRange(8, 15), List.of());
        put(second, new TestType.V2TestTypeSerializer());
        KeyedStateHandle before = nativeBefore ? checkpoint(first, 1) : BackendHarness.canonicalSavepoint(first);
        KeyedStateHandle after = nativeAfter ? checkpoint(second, 1) : BackendHarness.canonicalSavepoint(second);
        for (List<KeyedStateHandle> parts : List.of(List.of(before, after), List.of(after, before))) {
            check(open(ALL, parts), new TestType.V2TestTypeSerializer());
        }
        check(open(new KeyGroupRange(0, 7), List.of(before, after)), new TestType.V2TestTypeSerializer());
    }
}
