package io.forebay.flink.timer;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.flink.key.KeyLayout;
import io.forebay.flink.registry.StateKind;
import io.forebay.flink.registry.StateRegistry;
import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.KeyGroupedInternalPriorityQueue;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.operators.TimerHeapInternalTimer;
import org.apache.flink.streaming.api.operators.TimerSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ForebayPriorityQueueSetTest {
    private static final long SEED = Long.getLong("forebay.seed", System.nanoTime());
    private static final int KEY_GROUPS = 4;

    private final Environment environment =
            Environment.builder().memoryBytes(16 << 20).build();
    private final Store store = environment.open(FileStores.inMemory(), StoreOptions.defaults());
    private final PendingRemovals pendingRemovals = new PendingRemovals();
    private StateRegistry registry = new StateRegistry();

    @AfterEach
    void close() {
        store.close();
        environment.close();
    }

    /** Opens the queue; the second time as a backend does that was restored with it. */
    private KeyGroupedInternalPriorityQueue<TimerHeapInternalTimer<Integer, VoidNamespace>> open(int cacheRows) {
        StateRegistry restored = new StateRegistry();
        registry.inRowOrder()
                .forEach(state -> restored.restore(
                        state.id(), state.metaInfo().snapshot(), List.of(new KeyGroupRange(0, KEY_GROUPS - 1))));
        registry = restored;
        return new ForebayPriorityQueueSetFactory(
                        store, registry, new KeyGroupRange(0, KEY_GROUPS - 1), KEY_GROUPS, cacheRows, pendingRemovals)
                .create("timers", new TimerSerializer<>(IntSerializer.INSTANCE, VoidNamespaceSerializer.INSTANCE));
    }

    private static TimerHeapInternalTimer<Integer, VoidNamespace> timer(long timestamp, int key) {
        return new TimerHeapInternalTimer<>(timestamp, key, VoidNamespace.INSTANCE);
    }

    private int rows() {
        int rows = 0;
        try (StoreIterator iterator = store.iterator(KeyRange.all())) {
            for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                rows++;
            }
        }
        return rows;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 128})
    void behavesAsASortedSetAlsoWhenItIsOpenedAgain(int cacheRows) {
        System.out.println("-Dforebay.seed=" + SEED);
        Random random = new Random(SEED);
        TreeSet<TimerHeapInternalTimer<Integer, VoidNamespace>> model =
                new TreeSet<>(Comparator.<TimerHeapInternalTimer<Integer, VoidNamespace>>comparingLong(
                                TimerHeapInternalTimer::getTimestamp)
                        .thenComparing(TimerHeapInternalTimer::getKey));
        KeyGroupedInternalPriorityQueue<TimerHeapInternalTimer<Integer, VoidNamespace>> queue = open(cacheRows);
        for (int i = 0; i < 15_000; i++) {
            TimerHeapInternalTimer<Integer, VoidNamespace> timer =
                    timer(random.nextInt(400) - 200L, random.nextInt(20));
            long headBefore = model.isEmpty() ? Long.MAX_VALUE : model.first().getTimestamp();
            // phases of growth and of shrinking
            int choice = random.nextInt(10) + (i / 500 % 2 == 0 ? 0 : 4);
            if (choice < 6) {
                boolean mayHaveChanged = queue.add(timer);
                model.add(timer);
                assertThat(mayHaveChanged || timer.getTimestamp() >= headBefore)
                        .as("a new head is reported")
                        .isTrue();
            } else if (choice < 8) {
                queue.remove(timer);
                model.remove(timer);
            } else if (choice == 8 && random.nextInt(20) == 0) {
                pendingRemovals.flush();
                assertThat(rows()).as("rows, as a snapshot would see them").isEqualTo(model.size());
                if (random.nextBoolean()) {
                    queue = open(cacheRows);
                }
            } else {
                TimerHeapInternalTimer<Integer, VoidNamespace> polled = queue.poll();
                if (model.isEmpty()) {
                    assertThat(polled).isNull();
                } else {
                    assertThat(polled.getTimestamp()).isEqualTo(model.first().getTimestamp());
                    assertThat(model.remove(polled)).isTrue();
                }
            }
            assertThat(queue.isEmpty()).isEqualTo(model.isEmpty());
            if (!model.isEmpty()) {
                assertThat(queue.peek().getTimestamp()).isEqualTo(model.first().getTimestamp());
            }
            if (i % 100 == 0) {
                assertThat(queue.size()).isEqualTo(model.size());
            }
        }
        for (int keyGroup = 0; keyGroup < KEY_GROUPS; keyGroup++) {
            int expected = keyGroup;
            assertThat(queue.getSubsetForKeyGroup(keyGroup))
                    .allMatch(t -> KeyGroupRangeAssignment.assignToKeyGroup(t.getKey(), KEY_GROUPS) == expected);
        }
    }

    @Test
    void runsOfPolledTimersAreDeletedAtOnce() {
        KeyGroupedInternalPriorityQueue<TimerHeapInternalTimer<Integer, VoidNamespace>> queue = open(128);
        int timers = 1280;
        for (int i = 0; i < timers; i++) {
            queue.add(timer(i, 1));
        }
        long writesBefore = store.statistics().writes();
        for (int i = 0; i < timers; i++) {
            assertThat(queue.poll().getTimestamp()).isEqualTo(i);
        }
        pendingRemovals.flush();
        assertThat(store.statistics().writes() - writesBefore).isLessThanOrEqualTo(timers / 128 + 1);
        assertThat(rows()).isZero();
    }

    @Test
    void aTimerBeforeThePolledOnesSurvivesTheirDeletion() {
        KeyGroupedInternalPriorityQueue<TimerHeapInternalTimer<Integer, VoidNamespace>> queue = open(128);
        for (int i = 10; i < 20; i++) {
            queue.add(timer(i, 1));
        }
        for (int i = 10; i < 15; i++) {
            queue.poll();
        }
        queue.add(timer(12, 1));
        queue.add(timer(5, 1));
        pendingRemovals.flush();
        assertThat(queue.size()).isEqualTo(7);
        assertThat(rows()).isEqualTo(7);
        assertThat(queue.poll().getTimestamp()).isEqualTo(5);
        assertThat(queue.poll().getTimestamp()).isEqualTo(12);
        assertThat(queue.poll().getTimestamp()).isEqualTo(15);
    }

    @Test
    void rowsLieInTheKeyGroupOfTheirKey() {
        open(8).add(timer(1, 3));
        try (StoreIterator iterator = store.iterator(KeyRange.all())) {
            iterator.seekToFirst();
            assertThat(KeyLayout.keyGroup(iterator.key()))
                    .isEqualTo(KeyGroupRangeAssignment.assignToKeyGroup(3, KEY_GROUPS));
            assertThat(KeyLayout.stateId(iterator.key()))
                    .isEqualTo(registry.find(StateKind.PRIORITY_QUEUE, "timers").id());
            assertThat(iterator.value()).isEmpty();
        }
    }
}
