package io.forebay.flink.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.flink.key.KeyGroupRanges;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedBackendSerializationProxy;
import org.apache.flink.runtime.state.RegisteredKeyValueStateBackendMetaInfo;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;
import org.junit.jupiter.api.Test;

class RestoredPartTest {
    private static final int ID = 77;

    private final StateRegistry registry = new StateRegistry();

    private static StateMetaInfoSnapshot state(TypeSerializer<?> values) {
        return new RegisteredKeyValueStateBackendMetaInfo<>(
                        StateDescriptor.Type.VALUE, "state", VoidNamespaceSerializer.INSTANCE, values)
                .snapshot();
    }

    /** The entries of the state in a snapshot, written and read as in the metadata of a backend. */
    private List<StateMetaInfoSnapshot> entries() throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(64);
        new KeyedBackendSerializationProxy<>(
                        IntSerializer.INSTANCE, registry.find(ID).snapshots(), false)
                .write(out);
        KeyedBackendSerializationProxy<Integer> read =
                new KeyedBackendSerializationProxy<>(getClass().getClassLoader());
        read.read(new DataInputDeserializer(out.getCopyOfBuffer()));
        return read.getStateMetaInfoSnapshots();
    }

    private static List<String> options(List<StateMetaInfoSnapshot> entries) {
        return entries.stream()
                .map(entry -> entry.getOption(RestoredPart.KEY_GROUPS))
                .collect(Collectors.toList());
    }

    private static KeyGroupRange range(int start, int end) {
        return new KeyGroupRange(start, end);
    }

    private static List<KeyGroupRange> everyOther(int first, int keyGroups) {
        return IntStream.iterate(first, keyGroup -> keyGroup < keyGroups, keyGroup -> keyGroup + 2)
                .mapToObj(keyGroup -> range(keyGroup, keyGroup))
                .collect(Collectors.toList());
    }

    @Test
    void partsThatSayTheSameShareAnEntryAndAdjacentRangesAreJoined() throws IOException {
        registry.restore(ID, state(IntSerializer.INSTANCE), List.of(range(8, 9), range(0, 3)));
        registry.restore(ID, state(LongSerializer.INSTANCE), List.of(range(10, 11), range(12, 15)));
        registry.restore(ID, state(IntSerializer.INSTANCE), List.of(range(4, 6)));
        assertThat(options(entries())).containsExactly("0-6,8-9", "10-15");
    }

    /** Flink writes the length of an option with two bytes. */
    @Test
    void asManyRangesAsThereAreAreWrittenAndReadBack() throws IOException {
        int keyGroups = 1 << 15;
        registry.restore(ID, state(IntSerializer.INSTANCE), everyOther(0, keyGroups));
        registry.restore(ID, state(LongSerializer.INSTANCE), everyOther(1, keyGroups));
        StateRegistry restored = new StateRegistry();
        for (StateMetaInfoSnapshot entry : entries()) {
            restored.restore(ID, entry, List.of(range(0, keyGroups - 1)));
        }
        Map<TypeSerializer<?>, List<KeyGroupRange>> byValues = new HashMap<>();
        for (RestoredPart part : restored.find(ID).parts()) {
            byValues.computeIfAbsent(
                            ((RegisteredKeyValueStateBackendMetaInfo<?, ?>) part.metaInfo()).getStateSerializer(),
                            none -> new ArrayList<>())
                    .addAll(part.keyGroups());
        }
        byValues.replaceAll((values, ranges) -> KeyGroupRanges.union(ranges));
        assertThat(byValues)
                .isEqualTo(Map.of(
                        IntSerializer.INSTANCE, everyOther(0, keyGroups),
                        LongSerializer.INSTANCE, everyOther(1, keyGroups)));
    }

    @Test
    void anEntryCountsForTheKeyGroupsThatAreTakenOnly() throws IOException {
        registry.restore(ID, state(IntSerializer.INSTANCE), List.of(range(0, 3), range(8, 11)));
        registry.restore(ID, state(LongSerializer.INSTANCE), List.of(range(4, 7), range(12, 15)));
        StateRegistry restored = new StateRegistry();
        for (StateMetaInfoSnapshot entry : entries()) {
            restored.restore(ID, entry, List.of(range(2, 5), range(13, 13)));
        }
        List<RestoredPart> parts = restored.find(ID).parts();
        assertThat(parts).hasSize(2);
        assertThat(parts.get(0).keyGroups()).containsExactly(range(2, 3));
        assertThat(parts.get(1).keyGroups()).containsExactly(range(4, 5), range(13, 13));
        assertThat(parts.get(1).holds(13)).isTrue();
        assertThat(parts.get(1).holds(12)).isFalse();
    }

    @Test
    void damagedRangesAreRefusedByName() {
        StateMetaInfoSnapshot whole = state(IntSerializer.INSTANCE);
        for (String damaged : List.of("", "1", "1-", "-1", "a-b", "7-3", "0-3,", "0-3-5", "0-2000000000")) {
            Map<String, String> options = new HashMap<>(whole.getOptionsImmutable());
            options.put(RestoredPart.KEY_GROUPS, damaged);
            StateMetaInfoSnapshot entry = new StateMetaInfoSnapshot(
                    whole.getName(),
                    whole.getBackendStateType(),
                    options,
                    new HashMap<>(whole.getSerializerSnapshotsImmutable()));
            assertThatThrownBy(() -> RestoredPart.of(entry, List.of(range(0, 15))))
                    .as(damaged)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("'state' has the key groups '" + damaged + "'");
        }
    }
}
