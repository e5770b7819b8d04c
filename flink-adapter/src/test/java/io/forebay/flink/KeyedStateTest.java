package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.flink.registry.CollidingNames;
import java.io.File;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.api.common.typeutils.base.array.BytePrimitiveArraySerializer;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SharedStateRegistry;
import org.apache.flink.runtime.state.SharedStateRegistryImpl;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.internal.InternalListState;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the published suites leave open about single states. */
@Tag("smoke")
class KeyedStateTest {
    private static final KeyGroupRange ALL = new KeyGroupRange(0, 127);

    @TempDir
    private File temporary;

    private final BackendHarness slot = new BackendHarness();
    private final SharedStateRegistry jobManager = new SharedStateRegistryImpl();
    private ForebayKeyedStateBackend<Integer> backend;
    private long checkpointId;

    @BeforeEach
    void open() throws Exception {
        open(List.of());
    }

    private void open(Collection<KeyedStateHandle> handles) throws Exception {
        backend = slot.forebay(BackendHarness.options(temporary), IntSerializer.INSTANCE, 128, ALL, handles);
    }

    /** A checkpoint that the JobManager completes. */
    private KeyedStateHandle checkpoint() throws Exception {
        checkpointId++;
        IncrementalRemoteKeyedStateHandle handle = BackendHarness.remote(
                BackendHarness.snapshot(backend, checkpointId, CheckpointType.CHECKPOINT, BackendHarness.memory()));
        handle.registerSharedStates(jobManager, checkpointId);
        backend.notifyCheckpointComplete(checkpointId);
        return handle;
    }

    private void reopen() throws Exception {
        KeyedStateHandle handle = checkpoint();
        slot.dispose(backend);
        open(List.of(handle));
    }

    @AfterEach
    void close() throws Exception {
        slot.close();
    }

    private MapState<Integer, String> map(String name) throws Exception {
        return BackendHarness.state(
                backend, new MapStateDescriptor<>(name, IntSerializer.INSTANCE, StringSerializer.INSTANCE));
    }

    private static byte[] serialized(int userKey) throws Exception {
        DataOutputSerializer out = new DataOutputSerializer(4);
        IntSerializer.INSTANCE.serialize(userKey, out);
        return out.getCopyOfBuffer();
    }

    @Test
    void mapsAreIteratedInTheOrderOfTheirSerializedKeys() throws Exception {
        MapState<Integer, String> map = map("map");
        List<Integer> expected = new ArrayList<>();
        Random random = new Random(3);
        for (int key = 1; key <= 3; key++) {
            backend.setCurrentKey(key);
            for (int i = 0; i < 3000; i++) {
                int userKey = random.nextInt();
                map.put(userKey, "v");
                if (key == 2) {
                    expected.add(userKey);
                }
            }
        }
        List<byte[]> bytes = new ArrayList<>();
        for (int userKey : new HashSet<>(expected)) {
            bytes.add(serialized(userKey));
        }
        bytes.sort(Arrays::compareUnsigned);
        for (int round = 0; round < 2; round++) {
            backend.setCurrentKey(2);
            List<byte[]> iterated = new ArrayList<>();
            for (int userKey : map.keys()) {
                iterated.add(serialized(userKey));
            }
            assertThat(iterated).usingElementComparator(Arrays::compareUnsigned).containsExactlyElementsOf(bytes);
            reopen();
            map = map("map");
        }
    }

    @Test
    void entriesWriteThroughAndIteratorsSeeBehindABatchWhatHappenedMeanwhile() throws Exception {
        MapState<Integer, String> map = map("map");
        backend.setCurrentKey(1);
        TreeMap<Integer, String> model = new TreeMap<>();
        for (int i = 0; i < 5000; i++) {
            map.put(i, "v" + i);
            model.put(i, "v" + i);
        }
        Iterator<Map.Entry<Integer, String>> entries = map.iterator();
        int index = 0;
        while (entries.hasNext()) {
            Map.Entry<Integer, String> entry = entries.next();
            if (index % 3 == 0) {
                entries.remove();
                model.remove(entry.getKey());
                assertThat(entry.getValue()).isNull();
            } else if (index % 3 == 1) {
                assertThat(entry.setValue("new")).isEqualTo("v" + entry.getKey());
                model.put(entry.getKey(), "new");
                assertThat(entry.getValue()).isEqualTo("new");
            }
            // far ahead of the iterator
            map.remove(4999);
            model.remove(4999);
            index++;
        }
        assertThat(index).isEqualTo(4999);
        assertThat(entries.hasNext()).isFalse();
        assertThatThrownBy(entries::next).isInstanceOf(NoSuchElementException.class);
        Map<Integer, String> present = new TreeMap<>();
        map.entries().forEach(entry -> present.put(entry.getKey(), entry.getValue()));
        assertThat(present).isEqualTo(model);
    }

    @Test
    void anIteratorKeepsToItsKeyWhenAnotherIsSelected() throws Exception {
        MapState<Integer, String> map = map("map");
        for (int key = 0; key < 3; key++) {
            backend.setCurrentKey(key);
            for (int i = 0; i < 200; i++) {
                map.put(i, "of " + key);
            }
        }
        backend.setCurrentKey(1);
        Iterator<Map.Entry<Integer, String>> entries = map.iterator();
        backend.setCurrentKey(2);
        int count = 0;
        while (entries.hasNext()) {
            Map.Entry<Integer, String> entry = entries.next();
            assertThat(entry.getValue()).isEqualTo("of 1");
            entries.remove();
            count++;
        }
        assertThat(count).isEqualTo(200);
        assertThat(map.isEmpty()).isFalse();
        backend.setCurrentKey(1);
        assertThat(map.isEmpty()).isTrue();
    }

    @Test
    void clearingAMapIsOneWriteAndLeavesItsNeighboursAlone() throws Exception {
        MapState<Integer, String> map = map("map");
        MapState<Integer, String> other = map("other");
        for (int key = 0; key < 20; key++) {
            backend.setCurrentKey(key);
            for (int i = 0; i < 100; i++) {
                map.put(i, "v");
                other.put(i, "v");
            }
        }
        long writes = backend.store().statistics().writes();
        for (int key = 0; key < 20; key += 2) {
            backend.setCurrentKey(key);
            map.clear();
        }
        assertThat(backend.store().statistics().writes() - writes).isEqualTo(10);
        for (int key = 0; key < 20; key++) {
            backend.setCurrentKey(key);
            assertThat(map.isEmpty()).isEqualTo(key % 2 == 0);
            assertThat(other.keys()).hasSize(100);
        }
        backend.setCurrentKey(0);
        map.put(5, "after");
        assertThat(map.keys()).containsExactly(5);
    }

    @Test
    void mapsHoldNullValues() throws Exception {
        MapState<Integer, String> map = map("map");
        backend.setCurrentKey(1);
        map.put(1, null);
        assertThat(map.contains(1)).isTrue();
        assertThat(map.get(1)).isNull();
        assertThat(map.contains(2)).isFalse();
        assertThat(map.values()).containsExactly((String) null);
        Map.Entry<Integer, String> entry = map.iterator().next();
        assertThat(entry.setValue("one")).isNull();
        assertThat(map.get(1)).isEqualTo("one");
    }

    @Test
    void listsGrowAcrossCheckpoints() throws Exception {
        ListStateDescriptor<String> descriptor = new ListStateDescriptor<>("list", StringSerializer.INSTANCE);
        List<String> expected = new ArrayList<>();
        for (int round = 0; round < 6; round++) {
            ListState<String> list = BackendHarness.state(backend, descriptor);
            backend.setCurrentKey(7);
            for (int i = 0; i < 50; i++) {
                list.add(round + "/" + i + ",");
                expected.add(round + "/" + i + ",");
            }
            list.addAll(List.of("", ",,", "x".repeat(round * 1000)));
            expected.addAll(List.of("", ",,", "x".repeat(round * 1000)));
            checkpoint();
            assertThat(list.get()).containsExactlyElementsOf(expected);
            if (round % 2 == 1) {
                reopen();
            }
        }
        ListState<String> list = BackendHarness.state(backend, descriptor);
        backend.setCurrentKey(7);
        assertThat(list.get()).containsExactlyElementsOf(expected);
        list.update(List.of("only"));
        list.add("more");
        reopen();
        backend.setCurrentKey(7);
        assertThat(BackendHarness.state(backend, descriptor).get()).containsExactly("only", "more");
    }

    @Test
    void mergedListNamespacesKeepTheOrderOfTheSources() throws Exception {
        InternalListState<Integer, Integer, String> list =
                (InternalListState<Integer, Integer, String>) (Object) backend.getOrCreateKeyedState(
                        IntSerializer.INSTANCE, new ListStateDescriptor<>("list", StringSerializer.INSTANCE));
        backend.setCurrentKey(1);
        for (int namespace : new int[] {1, 2, 3}) {
            list.setCurrentNamespace(namespace);
            list.addAll(List.of("a" + namespace, "b" + namespace));
        }
        list.mergeNamespaces(1, List.of(3, 2, 4));
        list.setCurrentNamespace(1);
        assertThat(list.get()).containsExactly("a1", "b1", "a3", "b3", "a2", "b2");
        for (int namespace : new int[] {2, 3, 4}) {
            list.setCurrentNamespace(namespace);
            assertThat(list.get()).isNull();
        }
    }

    /** As one value they would need more memory than the slot has. */
    @Test
    void listsLargerThanMemoryAreMergedReplacedAndRead() throws Exception {
        Configuration options = BackendHarness.options(temporary);
        options.set(ForebayOptions.FIXED_MEMORY_PER_SLOT, MemorySize.parse("4mb"));
        backend = slot.forebay(options, IntSerializer.INSTANCE, 128, ALL, List.of());
        InternalListState<Integer, Integer, String> list =
                (InternalListState<Integer, Integer, String>) (Object) backend.getOrCreateKeyedState(
                        IntSerializer.INSTANCE, new ListStateDescriptor<>("list", StringSerializer.INSTANCE));
        backend.setCurrentKey(1);
        list.setCurrentNamespace(1);
        List<String> elements = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            elements.add(i + ",".repeat(i * 211 % 60_000));
            list.add(elements.get(i));
        }
        list.setCurrentNamespace(2);
        list.add("first");
        list.mergeNamespaces(2, List.of(1));
        List<String> merged = new ArrayList<>(List.of("first"));
        merged.addAll(elements);
        list.setCurrentNamespace(2);
        assertThat(list.getInternal()).isEqualTo(merged);
        list.update(elements);
        assertThat(list.getInternal()).isEqualTo(elements);
        list.addAll(merged);
        merged.addAll(0, elements);
        assertThat(list.getInternal()).isEqualTo(merged);
        assertThatThrownBy(() -> list.update(Arrays.asList("other", null))).isInstanceOf(NullPointerException.class);
        list.setCurrentNamespace(1);
        assertThat(list.getInternal()).isNull();
    }

    @Test
    void keysOfAStateAreThoseOfItsNamespaceAndEachAppearsOnce() throws Exception {
        MapState<Integer, String> map = map("map");
        ValueState<Integer> value =
                BackendHarness.state(backend, new ValueStateDescriptor<>("value", IntSerializer.INSTANCE));
        Set<Integer> withMap = new HashSet<>();
        Set<Integer> withValue = new HashSet<>();
        for (int key = 0; key < 500; key++) {
            backend.setCurrentKey(key);
            for (int i = 0; i < key % 20; i++) {
                map.put(i, "v");
                withMap.add(key);
            }
            if (key % 3 == 0) {
                value.update(key);
                withValue.add(key);
            }
        }
        assertThat(keys(List.of("map"))).containsExactlyInAnyOrderElementsOf(withMap);
        assertThat(keys(List.of("value"))).containsExactlyInAnyOrderElementsOf(withValue);
        assertThat(keys(List.of("unknown"))).isEmpty();
        Set<Integer> either = new HashSet<>(withMap);
        either.addAll(withValue);
        assertThat(keys(List.of("map", "value", "unknown"))).containsExactlyInAnyOrderElementsOf(either);
        try (Stream<Tuple2<Integer, VoidNamespace>> pairs = backend.getKeysAndNamespaces("map")) {
            assertThat(pairs.map(pair -> pair.f0).collect(Collectors.toList()))
                    .containsExactlyInAnyOrderElementsOf(withMap);
        }
        assertThat(backend.store().statistics().openIterators()).isZero();
    }

    private List<Integer> keys(List<String> states) {
        try (Stream<Integer> keys = states.size() == 1
                ? backend.getKeys(states.get(0), VoidNamespace.INSTANCE)
                : backend.getKeys(states, VoidNamespace.INSTANCE)) {
            return keys.collect(Collectors.toList());
        }
    }

    @Test
    void aStreamOfKeysIsNotDisturbedByChanges() throws Exception {
        ValueState<Integer> value =
                BackendHarness.state(backend, new ValueStateDescriptor<>("value", IntSerializer.INSTANCE));
        for (int key = 0; key < 300; key++) {
            backend.setCurrentKey(key);
            value.update(key);
        }
        List<Integer> seen = new ArrayList<>();
        try (Stream<Integer> keys = backend.getKeys("value", VoidNamespace.INSTANCE)) {
            keys.forEach(key -> {
                seen.add(key);
                try {
                    backend.setCurrentKey(key);
                    value.clear();
                    backend.setCurrentKey(1000 + key);
                    value.update(1);
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            });
        }
        assertThat(seen)
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.range(0, 300).boxed().collect(Collectors.toList()));
        assertThat(backend.numKeyValueStateEntries()).isEqualTo(300);
    }

    @Test
    void statesWhoseIdsMeetAreRefusedByName() throws Exception {
        String[] names = CollidingNames.find();
        BackendHarness.state(backend, new ValueStateDescriptor<>(names[0], IntSerializer.INSTANCE));
        assertThatThrownBy(() ->
                        BackendHarness.state(backend, new ValueStateDescriptor<>(names[1], IntSerializer.INSTANCE)))
                .hasStackTraceContaining("The states '" + names[0] + "' and '" + names[1] + "' of one operator hash");
    }

    @Test
    void valuesLargerThanAMemtableAreStored() throws Exception {
        slot.dispose(backend);
        Configuration options = BackendHarness.options(temporary);
        options.setString(ForebayOptions.MEMTABLE_SIZE.key(), "64kb");
        backend = slot.forebay(options, IntSerializer.INSTANCE, 128, ALL, List.of());
        ValueState<byte[]> value = BackendHarness.state(
                backend, new ValueStateDescriptor<>("value", BytePrimitiveArraySerializer.INSTANCE));
        for (int key = 0; key < 20; key++) {
            backend.setCurrentKey(key);
            value.update(new byte[300_000 + key]);
        }
        for (int key = 0; key < 20; key++) {
            backend.setCurrentKey(key);
            assertThat(value.value()).hasSize(300_000 + key);
        }
    }

    @Test
    void keysAreSpreadOverTheirKeyGroups() throws Exception {
        ValueState<Integer> value =
                BackendHarness.state(backend, new ValueStateDescriptor<>("value", IntSerializer.INSTANCE));
        for (int key = 0; key < 100; key++) {
            backend.setCurrentKey(key);
            assertThat(backend.getCurrentKeyGroupIndex()).isEqualTo(KeyGroupRangeAssignment.assignToKeyGroup(key, 128));
            value.update(key);
        }
        assertThat(backend.numKeyValueStateEntries()).isEqualTo(100);
    }
}
