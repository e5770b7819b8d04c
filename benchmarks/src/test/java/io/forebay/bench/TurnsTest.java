package io.forebay.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TurnsTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7})
    void everyoneFollowsEveryOtherAndHasEveryPlaceEquallyOften(int count) {
        List<Integer> all = IntStream.range(0, count).boxed().toList();
        Map<List<Integer>, Integer> pairs = new HashMap<>();
        Map<List<Integer>, Integer> places = new HashMap<>();
        for (int round = 0; round < 2 * count; round++) {
            List<Integer> order = ContenderOrder.order(all, round);
            assertThat(order).containsExactlyInAnyOrderElementsOf(all);
            for (int place = 0; place < count; place++) {
                places.merge(List.of(order.get(place), place), 1, Integer::sum);
                if (place > 0) {
                    pairs.merge(List.of(order.get(place - 1), order.get(place)), 1, Integer::sum);
                }
            }
        }
        assertThat(places)
                .hasSize(count * count)
                .allSatisfy((place, times) -> assertThat(times).isEqualTo(2));
        assertThat(pairs)
                .hasSize(count * (count - 1))
                .allSatisfy((pair, times) -> assertThat(times).isEqualTo(2));
        assertThat(ContenderOrder.order(all, 0)).startsWith(0);
    }
}
