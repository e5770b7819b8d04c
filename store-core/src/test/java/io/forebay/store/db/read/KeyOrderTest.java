package io.forebay.store.db.read;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.util.Seeded;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class KeyOrderTest {
    @Test
    void keysOfUpToSixBytesBehindWhatTheyShareAreInOrder() {
        Seeded.run(KeyOrderTest.class, 200, random -> {
            byte[] prefix = new byte[random.nextInt(12)];
            random.nextBytes(prefix);
            List<byte[]> keys = new ArrayList<>();
            int size = 1 + random.nextInt(300);
            for (int i = 0; i < size; i++) {
                byte[] key = Arrays.copyOf(prefix, prefix.length + 1 + random.nextInt(6));
                for (int at = prefix.length; at < key.length; at++) {
                    // No zeros, which look like the padding of a shorter key.
                    key[at] = (byte) (1 + random.nextInt(255));
                }
                keys.add(key);
            }
            long[] order = KeyOrder.of(keys.toArray(new byte[0][]));
            List<byte[]> sorted = new ArrayList<>();
            for (long index : order) {
                sorted.add(keys.get((int) index));
            }
            assertThat(Arrays.stream(order).distinct().count()).isEqualTo(size);
            assertThat(sorted).isSortedAccordingTo(Arrays::compareUnsigned);
        });
    }

    @Test
    void equalKeysAndEmptyOnesAreAllThere() {
        List<byte[]> keys = Collections.nCopies(5, new byte[0]);
        assertThat(KeyOrder.of(keys.toArray(new byte[0][]))).containsExactly(0, 1, 2, 3, 4);
        keys = List.of(new byte[] {1, 2}, new byte[] {1}, new byte[] {1, 2, 3}, new byte[] {1});
        assertThat(KeyOrder.of(keys.toArray(new byte[0][]))).containsExactly(1, 3, 0, 2);
    }
}
