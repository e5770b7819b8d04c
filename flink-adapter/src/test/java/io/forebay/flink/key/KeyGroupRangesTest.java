package io.forebay.flink.key;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.List;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.junit.jupiter.api.Test;

class KeyGroupRangesTest {
    private static KeyGroupRange range(int start, int end) {
        return new KeyGroupRange(start, end);
    }

    @Test
    void adjacentAndOverlappingRangesAreJoined() {
        assertThat(KeyGroupRanges.union(List.of(range(8, 15), range(0, 3), range(4, 4), range(10, 20))))
                .containsExactly(range(0, 4), range(8, 20));
        assertThat(KeyGroupRanges.union(List.of(KeyGroupRange.EMPTY_KEY_GROUP_RANGE)))
                .isEmpty();
        assertThat(KeyGroupRanges.union(List.of())).isEmpty();
    }

    @Test
    void anIntersectionHasWhatBothHave() {
        assertThat(KeyGroupRanges.intersection(
                        List.of(range(0, 3), range(6, 9)), List.of(range(8, 32767), range(2, 6))))
                .containsExactly(range(2, 3), range(6, 6), range(8, 9));
        assertThat(KeyGroupRanges.intersection(List.of(range(0, 3)), List.of(range(4, 7))))
                .isEmpty();
    }

    @Test
    void bitsBecomeRanges() {
        BitSet keyGroups = new BitSet();
        keyGroups.set(0);
        keyGroups.set(5, 8);
        keyGroups.set(32767);
        assertThat(KeyGroupRanges.of(keyGroups)).containsExactly(range(0, 0), range(5, 7), range(32767, 32767));
    }
}
