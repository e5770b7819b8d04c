package io.forebay.flink.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.HexFormat;
import java.util.List;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.RegisteredKeyValueStateBackendMetaInfo;
import org.apache.flink.runtime.state.RegisteredPriorityQueueStateBackendMetaInfo;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.junit.jupiter.api.Test;

class StateRegistryTest {
    private static final List<KeyGroupRange> ALL = List.of(new KeyGroupRange(0, 15));

    private final StateRegistry registry = new StateRegistry();

    private static RegisteredKeyValueStateBackendMetaInfo<?, ?> value(String name) {
        return new RegisteredKeyValueStateBackendMetaInfo<>(
                StateDescriptor.Type.VALUE, name, VoidNamespaceSerializer.INSTANCE, IntSerializer.INSTANCE);
    }

    private static RegisteredPriorityQueueStateBackendMetaInfo<?> queue(String name) {
        return new RegisteredPriorityQueueStateBackendMetaInfo<>(name, IntSerializer.INSTANCE);
    }

    @Test
    void idsNeverChange() {
        assertThat(StateIds.idOf(StateKind.KEY_VALUE, "count")).isEqualTo(0x655009FD);
        assertThat(StateIds.idOf(StateKind.KEY_VALUE, "window-contents")).isEqualTo(0xBE1AB8CC);
        assertThat(StateIds.idOf(StateKind.KEY_VALUE, "Größe 数")).isEqualTo(0x0F862FEE);
        assertThat(StateIds.idOf(StateKind.PRIORITY_QUEUE, "_timer_state/event_window-timers"))
                .isEqualTo(0xA687F791);
        assertThat(StateIds.idOf(StateKind.KEY_VALUE, "")).isEqualTo(0x1EE7C345);
    }

    @Test
    void idsThatMeetAreRefusedByName() {
        String[] names = CollidingNames.find();
        registry.register(StateKind.KEY_VALUE, value(names[0]));
        assertThatThrownBy(() -> registry.register(StateKind.KEY_VALUE, value(names[1])))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("'" + names[0] + "'")
                .hasMessageContaining("'" + names[1] + "'")
                .hasMessageContaining("Rename one of them");
    }

    @Test
    void aQueueMayHaveTheNameOfAState() {
        RegisteredState state = registry.register(StateKind.KEY_VALUE, value("same"));
        RegisteredState queue = registry.register(StateKind.PRIORITY_QUEUE, queue("same"));
        assertThat(state.id()).isNotEqualTo(queue.id());
        assertThat(registry.find(StateKind.KEY_VALUE, "same")).isSameAs(state);
        assertThat(registry.find(StateKind.PRIORITY_QUEUE, "same")).isSameAs(queue);
        assertThat(registry.find(StateKind.KEY_VALUE, "other")).isNull();
    }

    @Test
    void statesAreListedInTheOrderOfTheirRows() {
        for (int i = 0; i < 50; i++) {
            registry.register(StateKind.KEY_VALUE, value("state-" + i));
        }
        assertThat(registry.inRowOrder())
                .hasSize(50)
                .isSortedAccordingTo((a, b) -> Integer.compareUnsigned(a.id(), b.id()));
    }

    @Test
    void restoredStatesKeepTheirIds() {
        RegisteredState restored = registry.restore(77, value("restored").snapshot(), ALL);
        assertThat(restored.id()).isEqualTo(77);
        assertThat(registry.restore(77, value("restored").snapshot(), ALL)).isSameAs(restored);
        assertThatThrownBy(() -> registry.restore(78, value("restored").snapshot(), ALL))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("'restored'");
        assertThatThrownBy(() -> registry.restore(77, value("another").snapshot(), ALL))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("'restored'")
                .hasMessageContaining("'another'");
    }

    @Test
    void theTableOfIdsHasAFixedForm() throws IOException {
        registry.restore(0x01020304, value("ab").snapshot(), ALL);
        registry.restore(0xFF000000, queue("q").snapshot(), ALL);
        byte[] table = StateIdTable.encode(registry.inRowOrder());
        assertThat(HexFormat.of().formatHex(table))
                .isEqualTo("0001" + "00000002" + "01020304" + "01" + "00026162" + "ff000000" + "02" + "000171");
        assertThat(StateIdTable.decode(table))
                .isEqualTo(List.of(
                        new StateIdTable.Entry(0x01020304, StateKind.KEY_VALUE, "ab"),
                        new StateIdTable.Entry(0xFF000000, StateKind.PRIORITY_QUEUE, "q")));
    }

    @Test
    void aTableOfANewerVersionIsRefused() {
        byte[] newer = HexFormat.of().parseHex("000200000000");
        assertThatThrownBy(() -> StateIdTable.decode(newer))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("version 2");
    }
}
