package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.flink.registry.CollidingNames;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.array.BytePrimitiveArraySerializer;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.VoidNamespace;
import org.junit.jupiter.api.Test;

/** What the published suites leave open about keys and their states: streams of keys, ids, key groups, large values. */
class KeyedStateTest extends KeyedStateFixture {
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
    void longValuesGoToValueFiles() throws Exception {
        slot.dispose(backend);
        Configuration options = BackendHarness.options(temporary);
        options.setString(ForebayOptions.VALUE_FILE_THRESHOLD.key(), "1kb");
        backend = slot.forebay(options, IntSerializer.INSTANCE, 128, ALL, List.of());
        ValueState<byte[]> value = BackendHarness.state(
                backend, new ValueStateDescriptor<>("value", BytePrimitiveArraySerializer.INSTANCE));
        for (int key = 0; key < 20; key++) {
            backend.setCurrentKey(key);
            value.update(new byte[5_000 * (key % 2) + key]);
        }
        backend.store().flush();
        assertThat(backend.store().statistics().valueFileLiveBytes()).isBetween(50_000L, 51_000L);
        for (int key = 0; key < 20; key++) {
            backend.setCurrentKey(key);
            assertThat(value.value()).hasSize(5_000 * (key % 2) + key);
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
