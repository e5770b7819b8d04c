package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.runtime.state.internal.InternalListState;
import org.junit.jupiter.api.Test;

/** What the published suites leave open about list state. */
class ListStateTest extends KeyedStateFixture {
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

    /** RocksDB serializes all elements before it writes; a function that skips what fails goes on with the old list. */
    @Test
    void aListStaysAsItWasWhenAnElementCannotBeSerialized() throws Exception {
        ListState<String> list =
                BackendHarness.state(backend, new ListStateDescriptor<>("list", StringSerializer.INSTANCE));
        backend.setCurrentKey(7);
        list.update(List.of("a", "b"));
        List<Object> elements = new ArrayList<>(Collections.nCopies(1_000, "x".repeat(1_000)));
        elements.add(1);
        @SuppressWarnings("unchecked")
        List<String> withANumber = (List<String>) (List<?>) elements;
        assertThatThrownBy(() -> list.update(withANumber)).isInstanceOf(ClassCastException.class);
        assertThat(list.get()).containsExactly("a", "b");
        assertThatThrownBy(() -> list.addAll(withANumber)).isInstanceOf(ClassCastException.class);
        assertThat(list.get()).containsExactly("a", "b");
    }
}
