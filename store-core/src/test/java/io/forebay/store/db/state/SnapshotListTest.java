package io.forebay.store.db.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What is pinned follows from who still reads. */
class SnapshotListTest {
    private final SnapshotList list = new SnapshotList();

    @Test
    void pinsTheNewestClaimOrCommit() {
        assertThat(list.pinned()).isZero();
        SnapshotList.Entry five = list.add(5, null, null);
        SnapshotList.Entry nine = list.add(9, null, null);
        assertThat(list.pinned()).isEqualTo(9);
        list.remove(nine);
        assertThat(list.pinned()).isEqualTo(5);
        list.commitAt(7);
        assertThat(list.pinned()).isEqualTo(7);
        list.remove(five);
        list.remove(five);
        assertThat(list.pinned()).isEqualTo(7);
        assertThat(list.sequences()).isEmpty();
    }

    @Test
    void aClaimCanBeDoubledWhileItLives() {
        SnapshotList.Entry five = list.add(5, null, null);
        list.add(9, null, null);
        SnapshotList.Entry again = list.addLike(five, null, null);
        list.remove(five);
        assertThat(list.addLike(five, null, null)).isNull();
        assertThat(list.sequences()).containsExactly(5, 9);
        list.remove(again);
        assertThat(list.sequences()).containsExactly(9);
    }

    @Test
    void tellsOnceWhenNoOlderClaimIsLeft() {
        List<String> told = new ArrayList<>();
        list.onReached(() -> told.add("reached"));
        SnapshotList.Entry three = list.add(3, null, null);
        SnapshotList.Entry five = list.add(5, null, null);
        SnapshotList.Entry nine = list.add(9, null, null);
        assertThat(list.await(5)).isTrue();
        list.remove(nine);
        list.remove(five);
        assertThat(told).isEmpty();
        SnapshotList.Entry eleven = list.add(11, null, null);
        list.remove(three);
        list.remove(three);
        assertThat(told).hasSize(1);
        list.remove(eleven);
        assertThat(told).as("once").hasSize(1);

        assertThat(list.await(12)).as("there is no claim").isFalse();
        SnapshotList.Entry twelve = list.add(12, null, null);
        assertThat(list.await(12)).as("that claim sees it").isFalse();
        assertThat(list.await(13)).isTrue();
        assertThat(list.await(Long.MAX_VALUE)).as("nothing is waited for").isTrue();
        list.remove(twelve);
        assertThat(told).hasSize(1);
        SnapshotList.Entry last = list.add(12, null, null);
        assertThat(list.await(14)).isTrue();
        list.remove(last);
        assertThat(told).hasSize(2);
    }

    @Test
    void listsEverySequenceOnceInOrder() {
        list.add(3, null, null);
        list.add(3, null, null);
        list.add(8, null, null);
        assertThat(list.sequences()).containsExactly(3, 8);
        assertThat(list.sequencesWith(1)).containsExactly(1, 3, 8);
        assertThat(list.sequencesWith(3)).containsExactly(3, 8);
        assertThat(list.sequencesWith(5)).containsExactly(3, 5, 8);
        assertThat(list.sequencesWith(9)).containsExactly(3, 8, 9);
    }

    @Test
    void anyOrderOfEndsLeavesTheRest() {
        Random random = new Random(5);
        List<SnapshotList.Entry> open = new ArrayList<>();
        long sequence = 0;
        for (int i = 0; i < 2000; i++) {
            if (open.isEmpty() || random.nextInt(5) < 2) {
                sequence += random.nextInt(3);
                open.add(list.add(sequence, null, null));
            } else if (random.nextBoolean()) {
                open.add(list.addLike(open.get(random.nextInt(open.size())), null, null));
            } else {
                list.remove(open.remove(random.nextInt(open.size())));
            }
            assertThat(list.sequences())
                    .isEqualTo(open.stream()
                            .mapToLong(entry -> entry.sequence)
                            .sorted()
                            .distinct()
                            .toArray());
            assertThat(list.pinned())
                    .isEqualTo(open.stream()
                            .mapToLong(entry -> entry.sequence)
                            .max()
                            .orElse(0));
        }
    }
}
