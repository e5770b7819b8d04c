package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.annotation.Nullable;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.state.AggregatingState;
import org.apache.flink.api.common.state.AggregatingStateDescriptor;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ReducingState;
import org.apache.flink.api.common.state.ReducingStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.runtime.state.AbstractKeyedStateBackend;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.KeyGroupedInternalPriorityQueue;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.operators.TimerHeapInternalTimer;
import org.apache.flink.streaming.api.operators.TimerSerializer;

/** What the state of a job should be, on the heap: every kind of state and timers, for string keys. */
final class KeyedModel {
    private static final int KEYS = 400;
    private static final int USER_KEYS = 30;

    /** The states of one operator instance. */
    static final class States {
        final AbstractKeyedStateBackend<String> backend;
        final ValueState<Long> value;
        final ListState<Integer> list;
        final MapState<Integer, String> map;
        final ReducingState<Long> sum;
        final AggregatingState<Integer, Integer> count;
        final KeyGroupedInternalPriorityQueue<TimerHeapInternalTimer<String, VoidNamespace>> timers;

        States(AbstractKeyedStateBackend<String> backend) throws Exception {
            this.backend = backend;
            value = BackendHarness.state(backend, new ValueStateDescriptor<>("value", LongSerializer.INSTANCE));
            list = BackendHarness.state(backend, new ListStateDescriptor<>("list", IntSerializer.INSTANCE));
            map = BackendHarness.state(
                    backend, new MapStateDescriptor<>("map", IntSerializer.INSTANCE, StringSerializer.INSTANCE));
            sum = BackendHarness.state(
                    backend, new ReducingStateDescriptor<>("sum", Long::sum, LongSerializer.INSTANCE));
            count = BackendHarness.state(
                    backend, new AggregatingStateDescriptor<>("count", new Count(), IntSerializer.INSTANCE));
            timers = backend.create(
                    "timers", new TimerSerializer<>(StringSerializer.INSTANCE, VoidNamespaceSerializer.INSTANCE));
        }
    }

    private static final class Count implements AggregateFunction<Integer, Integer, Integer> {
        @Override
        public Integer createAccumulator() {
            return 0;
        }

        @Override
        public Integer add(Integer added, Integer accumulator) {
            return accumulator + 1;
        }

        @Override
        public Integer getResult(Integer accumulator) {
            return accumulator;
        }

        @Override
        public Integer merge(Integer left, Integer right) {
            return left + right;
        }
    }

    private static final class Entry {
        Long value;
        List<Integer> list = new ArrayList<>();
        TreeMap<Integer, String> map = new TreeMap<>();
        Long sum;
        Integer count;

        Entry copy() {
            Entry copy = new Entry();
            copy.value = value;
            copy.list = new ArrayList<>(list);
            copy.map.putAll(map);
            copy.sum = sum;
            copy.count = count;
            return copy;
        }
    }

    private final int maxParallelism;
    private final Map<String, Entry> entries = new HashMap<>();
    private final Set<TimerHeapInternalTimer<String, VoidNamespace>> timers = new HashSet<>();

    KeyedModel(int maxParallelism) {
        this.maxParallelism = maxParallelism;
    }

    /** The model as it is now. */
    KeyedModel copy() {
        KeyedModel copy = new KeyedModel(maxParallelism);
        entries.forEach((key, entry) -> copy.entries.put(key, entry.copy()));
        copy.timers.addAll(timers);
        return copy;
    }

    int keyGroup(String key) {
        return KeyGroupRangeAssignment.assignToKeyGroup(key, maxParallelism);
    }

    /** Makes random changes to the model and to those of {@code subtasks} that own the keys. */
    void change(Random random, List<States> subtasks, int changes) throws Exception {
        for (int i = 0; i < changes; i++) {
            String key = "key-" + random.nextInt(KEYS);
            States states = owner(subtasks, key);
            states.backend.setCurrentKey(key);
            change(random, key, entries.computeIfAbsent(key, k -> new Entry()), states);
        }
    }

    /** As {@link #change}; keys that none of the subtasks owns are left alone. */
    void changeOwned(Random random, List<States> subtasks, int changes) throws Exception {
        for (int i = 0; i < changes; i++) {
            String key = "key-" + random.nextInt(KEYS);
            States states = find(subtasks, key);
            if (states != null) {
                states.backend.setCurrentKey(key);
                change(random, key, entries.computeIfAbsent(key, k -> new Entry()), states);
            }
        }
    }

    private static States owner(List<States> subtasks, String key) {
        States owner = find(subtasks, key);
        if (owner == null) {
            throw new AssertionError("No subtask owns " + key);
        }
        return owner;
    }

    @Nullable
    private static States find(List<States> subtasks, String key) {
        for (States states : subtasks) {
            int keyGroup = KeyGroupRangeAssignment.assignToKeyGroup(key, states.backend.getNumberOfKeyGroups());
            if (states.backend.getKeyGroupRange().contains(keyGroup)) {
                return states;
            }
        }
        return null;
    }

    private void change(Random random, String key, Entry entry, States states) throws Exception {
        int userKey = random.nextInt(USER_KEYS);
        switch (random.nextInt(14)) {
            case 0:
                entry.value = null;
                states.value.clear();
                break;
            case 1:
            case 2:
                entry.value = random.nextLong();
                states.value.update(entry.value);
                break;
            case 3:
                entry.list.add(userKey);
                states.list.add(userKey);
                break;
            case 4:
                entry.list.addAll(List.of(userKey, -userKey));
                states.list.addAll(List.of(userKey, -userKey));
                break;
            case 5:
                entry.list = random.nextBoolean() ? new ArrayList<>() : new ArrayList<>(List.of(1, 2, userKey));
                states.list.update(entry.list);
                break;
            case 6:
            case 7:
                entry.map.put(userKey, key + random.nextInt());
                states.map.put(userKey, entry.map.get(userKey));
                break;
            case 8:
                entry.map.remove(userKey);
                states.map.remove(userKey);
                break;
            case 9:
                if (random.nextInt(4) == 0) {
                    entry.map.clear();
                    states.map.clear();
                }
                break;
            case 10:
                entry.sum = (entry.sum == null ? 0 : entry.sum) + userKey;
                states.sum.add((long) userKey);
                break;
            case 11:
                entry.count = (entry.count == null ? 0 : entry.count) + 1;
                states.count.add(userKey);
                break;
            case 12:
                changeTimer(
                        new TimerHeapInternalTimer<>(random.nextInt(1000) - 500, key, VoidNamespace.INSTANCE), states);
                break;
            default:
                pollTimer(states);
        }
    }

    private void changeTimer(TimerHeapInternalTimer<String, VoidNamespace> timer, States states) {
        if (timers.remove(timer)) {
            states.timers.remove(timer);
        } else {
            timers.add(timer);
            states.timers.add(timer);
        }
    }

    private void pollTimer(States states) {
        TimerHeapInternalTimer<String, VoidNamespace> head = states.timers.peek();
        if (head != null) {
            states.backend.setCurrentKey(head.getKey());
            assertThat(states.timers.poll()).isEqualTo(head);
            assertThat(timers.remove(head)).as("polled timer is known").isTrue();
            assertThat(timers.stream()
                            .filter(t -> states.backend.getKeyGroupRange().contains(keyGroup(t.getKey()))))
                    .allMatch(t -> t.getTimestamp() >= head.getTimestamp());
        }
    }

    /** Compares everything that the subtask owns. */
    void check(States states) throws Exception {
        KeyGroupRange keyGroups = states.backend.getKeyGroupRange();
        Set<String> withValue = new HashSet<>();
        Set<String> withMap = new HashSet<>();
        for (int i = 0; i < KEYS; i++) {
            String key = "key-" + i;
            if (!keyGroups.contains(keyGroup(key))) {
                continue;
            }
            Entry expected = entries.getOrDefault(key, new Entry());
            states.backend.setCurrentKey(key);
            assertThat(states.value.value()).as(key).isEqualTo(expected.value);
            Iterable<Integer> list = states.list.get();
            assertThat(list == null ? List.of() : list).as(key).isEqualTo(expected.list);
            Map<Integer, String> map = new TreeMap<>();
            states.map.iterator().forEachRemaining(e -> map.put(e.getKey(), e.getValue()));
            assertThat(map).as(key).isEqualTo(expected.map);
            assertThat(states.map.isEmpty()).as(key).isEqualTo(expected.map.isEmpty());
            assertThat(states.sum.get()).as(key).isEqualTo(expected.sum);
            assertThat(states.count.get()).as(key).isEqualTo(expected.count);
            if (expected.value != null) {
                withValue.add(key);
            }
            if (!expected.map.isEmpty()) {
                withMap.add(key);
            }
        }
        assertThat(keys(states, List.of("value"))).containsExactlyInAnyOrderElementsOf(withValue);
        assertThat(keys(states, List.of("map"))).containsExactlyInAnyOrderElementsOf(withMap);
        Set<String> either = new HashSet<>(withValue);
        either.addAll(withMap);
        assertThat(keys(states, List.of("value", "map"))).containsExactlyInAnyOrderElementsOf(either);
        for (int keyGroup : keyGroups) {
            assertThat(states.timers.getSubsetForKeyGroup(keyGroup))
                    .isEqualTo(timers.stream()
                            .filter(t -> keyGroup(t.getKey()) == keyGroup)
                            .collect(Collectors.toSet()));
        }
    }

    private static List<String> keys(States states, List<String> names) {
        try (Stream<String> keys = names.size() == 1
                ? states.backend.getKeys(names.get(0), VoidNamespace.INSTANCE)
                : states.backend.getKeys(names, VoidNamespace.INSTANCE)) {
            return keys.collect(Collectors.toList());
        }
    }

    /** Key group ranges of a job of this parallelism. */
    List<KeyGroupRange> ranges(int parallelism) {
        KeyGroupRange[] ranges = new KeyGroupRange[parallelism];
        for (int i = 0; i < parallelism; i++) {
            ranges[i] = KeyGroupRangeAssignment.computeKeyGroupRangeForOperatorIndex(maxParallelism, parallelism, i);
        }
        return Arrays.asList(ranges);
    }
}
