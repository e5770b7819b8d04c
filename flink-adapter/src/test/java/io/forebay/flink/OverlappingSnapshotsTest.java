package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.flink.ForebayOptions.TimerService;
import java.io.File;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SharedStateRegistry;
import org.apache.flink.runtime.state.SharedStateRegistryImpl;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Restores from snapshots that hold the same key groups. Under the changelog backend subtasks hand the snapshots on that they
 * were restored from, as a whole, until they have materialized their state.
 */
class OverlappingSnapshotsTest {
    private static final long SEED = Long.getLong("forebay.seed", System.nanoTime());
    private static final KeyGroupRange ALL = new KeyGroupRange(0, 15);
    private static final KeyGroupRange LOWER = new KeyGroupRange(0, 7);

    @TempDir
    private File temporary;

    private final Random random = new Random(SEED);
    private final KeyedModel model = new KeyedModel(16);
    private final BackendHarness slot = new BackendHarness(256 << 20);
    private final SharedStateRegistry jobManager = new SharedStateRegistryImpl();
    private long checkpointId;

    @AfterEach
    void close() throws Exception {
        slot.close();
    }

    private ForebayKeyedStateBackend<String> open(KeyGroupRange range, List<? extends KeyedStateHandle> handles)
            throws Exception {
        return open(TimerService.FOREBAY, range, handles);
    }

    private ForebayKeyedStateBackend<String> open(
            TimerService timers, KeyGroupRange range, List<? extends KeyedStateHandle> handles) throws Exception {
        Configuration options = BackendHarness.options(temporary);
        options.set(ForebayOptions.TIMER_SERVICE_FACTORY, timers);
        return slot.forebay(options, StringSerializer.INSTANCE, 16, range, BackendHarness.assign(handles, range));
    }

    private KeyedModel.States states(TimerService timers, KeyGroupRange range, List<? extends KeyedStateHandle> handles)
            throws Exception {
        return new KeyedModel.States(open(timers, range, handles));
    }

    /** Still with references to files of earlier ones, so it cannot be restored. */
    private IncrementalRemoteKeyedStateHandle pending(ForebayKeyedStateBackend<String> backend) throws Exception {
        checkpointId++;
        return BackendHarness.remote(
                BackendHarness.snapshot(backend, checkpointId, CheckpointType.CHECKPOINT, BackendHarness.memory()));
    }

    private IncrementalRemoteKeyedStateHandle snapshot(ForebayKeyedStateBackend<String> backend) throws Exception {
        IncrementalRemoteKeyedStateHandle handle = pending(backend);
        // The JobManager puts the files themselves in the place of references.
        handle.registerSharedStates(jobManager, checkpointId);
        backend.notifyCheckpointComplete(checkpointId);
        return handle;
    }

    private static ValueState<Integer> number(ForebayKeyedStateBackend<String> backend) throws Exception {
        return BackendHarness.state(backend, new ValueStateDescriptor<>("number", IntSerializer.INSTANCE));
    }

    private static void put(ForebayKeyedStateBackend<String> backend, Integer value) throws Exception {
        ValueState<Integer> state = number(backend);
        for (int i = 0; i < 100; i++) {
            String key = "key-" + i;
            if (backend.getKeyGroupRange().contains(KeyGroupRangeAssignment.assignToKeyGroup(key, 16))) {
                backend.setCurrentKey(key);
                state.update(value);
            }
        }
    }

    private static void check(ForebayKeyedStateBackend<String> backend, Integer lower, Integer upper) throws Exception {
        ValueState<Integer> state = number(backend);
        for (int i = 0; i < 100; i++) {
            String key = "key-" + i;
            int keyGroup = KeyGroupRangeAssignment.assignToKeyGroup(key, 16);
            if (backend.getKeyGroupRange().contains(keyGroup)) {
                backend.setCurrentKey(key);
                assertThat(state.value()).as(key).isEqualTo(LOWER.contains(keyGroup) ? lower : upper);
            }
        }
    }

    @Test
    void theSameSnapshotOfSeveralSubtasksCountsOnce() throws Exception {
        ForebayKeyedStateBackend<String> before = open(ALL, List.of());
        BackendHarness.addBallast(before);
        int rows = before.numKeyValueStateEntries();
        IncrementalRemoteKeyedStateHandle snapshot = snapshot(before);
        ForebayKeyedStateBackend<String> after = open(ALL, List.of(snapshot, snapshot, snapshot));
        assertThat(after.numKeyValueStateEntries()).isEqualTo(rows);
        IncrementalRemoteKeyedStateHandle next = pending(after);
        assertThat(next.getBackendIdentifier()).isEqualTo(snapshot.getBackendIdentifier());
        assertThat(BackendHarness.references(next)).containsValue(true);
        BackendHarness.checkReferences(snapshot, next);
    }

    @Test
    void whatANewerSnapshotHasRemovedStaysAway() throws Exception {
        ForebayKeyedStateBackend<String> before = open(ALL, List.of());
        put(before, 1);
        IncrementalRemoteKeyedStateHandle wide = snapshot(before);
        ForebayKeyedStateBackend<String> lower = open(LOWER, List.of(wide));
        put(lower, null);
        IncrementalRemoteKeyedStateHandle narrow = snapshot(lower);
        check(open(ALL, List.of(wide, narrow)), null, 1);
        check(open(ALL, List.of(wide, narrow, wide)), null, 1);
        check(open(ALL, List.of(narrow, wide)), null, 1);
        check(open(new KeyGroupRange(5, 11), List.of(narrow, wide)), null, 1);
    }

    /** Neither the width of the key groups nor the id of the snapshot says which is newer. */
    @Test
    void aNewerSnapshotMayBeTheWiderOneAndHaveTheLowerId() throws Exception {
        ForebayKeyedStateBackend<String> lower = open(LOWER, List.of());
        put(lower, 1);
        ForebayKeyedStateBackend<String> upper = open(new KeyGroupRange(8, 15), List.of());
        put(upper, 1);
        checkpointId = 100;
        List<KeyedStateHandle> parts = List.of(snapshot(lower), snapshot(upper));
        ForebayKeyedStateBackend<String> all = open(ALL, parts);
        put(all, 2);
        checkpointId = 0;
        IncrementalRemoteKeyedStateHandle wide = snapshot(all);
        check(open(ALL, List.of(parts.get(0), wide)), 2, 2);
        check(open(ALL, List.of(wide, parts.get(1), parts.get(0))), 2, 2);
        ForebayKeyedStateBackend<String> middle = open(new KeyGroupRange(4, 11), List.of(wide, parts.get(1)));
        put(middle, 3);
        assertThat(number(open(ALL, List.of(wide, snapshot(middle))))).isNotNull();
    }

    @Test
    void differentSnapshotsOfOneGenerationAreRefused() throws Exception {
        ForebayKeyedStateBackend<String> first = open(new KeyGroupRange(0, 9), List.of());
        put(first, 1);
        ForebayKeyedStateBackend<String> second = open(new KeyGroupRange(5, 15), List.of());
        put(second, 2);
        List<KeyedStateHandle> parts = new ArrayList<>(List.of(snapshot(first), snapshot(second)));
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> open(ALL, parts))
                    .hasStackTraceContaining("Two different snapshots of one generation hold the key group 5");
            Collections.reverse(parts);
        }
        assertThat(number(open(new KeyGroupRange(0, 4), parts))).isNotNull();
        assertThat(number(open(new KeyGroupRange(10, 15), parts))).isNotNull();
    }

    /** Subtasks that have been idle have not materialized anything; the others have, before and after further restores. */
    @Test
    void everyKeyGroupHasTheStateOfTheSubtaskThatHadItLast() throws Exception {
        System.out.println("-Dforebay.seed=" + SEED);
        List<List<KeyedStateHandle>> handedOn = List.of();
        for (int round = 0; round < 40; round++) {
            int parallelism = random.nextInt(3) == 0 && round > 0 ? handedOn.size() : 1 + random.nextInt(5);
            List<KeyedStateHandle> all = new ArrayList<>();
            handedOn.forEach(all::addAll);
            Collections.shuffle(all, random);
            List<KeyGroupRange> ranges = model.ranges(parallelism);
            List<List<KeyedStateHandle>> next = new ArrayList<>();
            TimerService timers = random.nextBoolean() ? TimerService.FOREBAY : TimerService.HEAP;
            for (int i = 0; i < parallelism; i++) {
                // At the same parallelism Flink gives each subtask what it had itself.
                List<KeyedStateHandle> handles =
                        parallelism == handedOn.size() ? handedOn.get(i) : BackendHarness.assign(all, ranges.get(i));
                KeyedModel.States states = states(timers, ranges.get(i), handles);
                model.check(states);
                for (int materialized = random.nextInt(3); materialized > 0; materialized--) {
                    model.changeOwned(random, List.of(states), 300);
                    handles = List.of(snapshot((ForebayKeyedStateBackend<String>) states.backend));
                }
                next.add(handles);
                slot.dispose(states.backend);
            }
            handedOn = next;
        }
    }
}
