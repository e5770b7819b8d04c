package io.forebay.flink.timer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class OrderedRowsTest {
    @Test
    void behavesAsASortedSet() {
        Random random = new Random(5);
        TreeSet<byte[]> model = new TreeSet<>(Arrays::compareUnsigned);
        OrderedRows rows = new OrderedRows(64);
        for (int i = 0; i < 20_000; i++) {
            byte[] row =
                    ByteBuffer.allocate(4).putInt(random.nextInt(200) - 100).array();
            switch (random.nextInt(6)) {
                case 0:
                    int at = model.contains(row) ? model.headSet(row).size() : -1;
                    model.remove(row);
                    assertThat(rows.remove(row)).isEqualTo(at);
                    break;
                case 1:
                    if (!model.isEmpty()) {
                        assertThat(rows.removeFirst()).isEqualTo(model.pollFirst());
                    }
                    break;
                case 2:
                    if (!model.isEmpty()) {
                        rows.removeLast();
                        model.pollLast();
                    }
                    break;
                default:
                    int position = model.contains(row) ? -1 : model.headSet(row).size();
                    assertThat(rows.add(row)).isEqualTo(position);
                    model.add(row);
            }
            assertThat(rows.size()).isEqualTo(model.size());
            assertThat(rows.isEmpty()).isEqualTo(model.isEmpty());
            assertThat(rows.isFull()).isEqualTo(model.size() >= 64);
            assertThat(rows.first()).isEqualTo(model.isEmpty() ? null : model.first());
            assertThat(rows.last()).isEqualTo(model.isEmpty() ? null : model.last());
        }
    }
}
