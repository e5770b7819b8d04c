package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Parts of a checkpoint that number the constants of an enum in another order come together in one subtask. */
class UnlikeEnumsTest extends UnlikePartsFixture {
    @ParameterizedTest
    @MethodSource("all")
    void constantsOfAnEnumMayBeInAnotherOrder(Shape shape, Kind kind, boolean timeToLive) throws Exception {
        Job after = new Job("public enum Color {C, A, B}", "Color", shape, timeToLive);
        KeyedStateHandle[] parts = ordersByPart(shape, kind, timeToLive, after);
        for (List<KeyedStateHandle> order : List.of(List.of(parts[0], parts[1]), List.of(parts[1], parts[0]))) {
            KeyedStateHandle[] handles = order.toArray(new KeyedStateHandle[0]);
            ForebayKeyedStateBackend<String> both = after.open(ALL, handles);
            after.check(both);
            after.put(both, 50, i -> after.constant("C"));
            KeyedStateHandle next = kind.of(both);
            after.check(after.open(LOWER, next));
            after.check(after.open(UPPER, next));
            // The parts were taken before the last put.
            model.replaceAll((i, value) -> i < 50 ? value : i % 3 == 0 ? "A" : i % 3 == 1 ? "B" : "C");
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void partsStayApartWhileTheStateIsNotUsed(Shape shape, Kind kind, boolean timeToLive) throws Exception {
        Job after = new Job("public enum Color {C, A, B}", "Color", shape, timeToLive);
        KeyedStateHandle[] parts = ordersByPart(shape, kind, timeToLive, after);
        KeyedStateHandle again = kind.of(after.open(ALL, parts));
        KeyedStateHandle middle = kind.of(after.open(new KeyGroupRange(0, 11), again));
        KeyedStateHandle upper = kind.of(after.open(new KeyGroupRange(12, 15), again));
        after.check(after.open(ALL, again));
        after.check(after.open(ALL, upper, middle));
        after.check(after.open(new KeyGroupRange(4, 13), middle, upper));
        after.check(after.open(UPPER, again));
    }

    private MapState<Object, String> byConstant(Job job, ForebayKeyedStateBackend<String> backend) throws Exception {
        return BackendHarness.state(
                backend, new MapStateDescriptor<>("byConstant", job.serializer(), StringSerializer.INSTANCE));
    }

    /** User keys are in the keys of rows, which stay as they are. */
    @Test
    void userKeysInAnotherOrderAreRefusedByNameIfThereAreAny() throws Exception {
        Job before = new Job("public enum Color {A, B}", "Color", Shape.MAP, false);
        ForebayKeyedStateBackend<String> lower = before.open(LOWER);
        for (int i = 0; i < KEYS; i++) {
            if (select(lower, i)) {
                byConstant(before, lower).put(before.constant("A"), "A");
            }
        }
        KeyedStateHandle old = Kind.NATIVE.of(lower);
        Job after = new Job("public enum Color {A, C, B}", "Color", Shape.MAP, false);
        for (String constant : List.of("A", "B")) {
            ForebayKeyedStateBackend<String> upper = after.open(UPPER);
            for (int i = 0; i < KEYS; i++) {
                if (select(upper, i)) {
                    byConstant(after, upper).put(after.constant(constant), constant);
                }
            }
            ForebayKeyedStateBackend<String> kept = after.open(LOWER, old);
            byConstant(after, kept);
            ForebayKeyedStateBackend<String> both = after.open(ALL, Kind.CANONICAL.of(kept), Kind.NATIVE.of(upper));
            if (constant.equals("A")) {
                // Which has the same number in both orders.
                for (int i = 0; i < KEYS; i++) {
                    select(both, i);
                    assertThat(byConstant(after, both).get(after.constant("A"))).isEqualTo("A");
                }
            } else {
                for (int i = 0; i < KEYS; i++) {
                    if (select(kept, i)) {
                        byConstant(after, kept).put(after.constant("B"), "B");
                    }
                }
                ForebayKeyedStateBackend<String> refused =
                        after.open(ALL, Kind.CANONICAL.of(kept), Kind.NATIVE.of(upper));
                assertThatThrownBy(() -> byConstant(after, refused))
                        .hasStackTraceContaining("byConstant")
                        .hasStackTraceContaining("restore at the parallelism of the checkpoint");
            }
        }
    }
}
