package io.forebay.store.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.EntryBatch;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;

/** Checks what an iterator has copied to a batch. */
public final class Batches {
    private Batches() {}

    /** A batch with random limits; some of them hold keys only. */
    public static EntryBatch random(Random random) {
        int entries = 1 + random.nextInt(20);
        int bytes = 1 + random.nextInt(random.nextBoolean() ? 40 : 4000);
        return random.nextInt(4) == 0 ? EntryBatch.ofKeys(entries, bytes) : EntryBatch.of(entries, bytes);
    }

    /**
     * Asserts that the batch has the entries of {@code expected} from {@code at} on, and ends where it is full or they end.
     *
     * @return the first entry that is not in the batch, or null
     */
    public static Map.Entry<byte[], byte[]> assertHolds(
            EntryBatch batch, NavigableMap<byte[], byte[]> expected, Map.Entry<byte[], byte[]> at, String where) {
        Map.Entry<byte[], byte[]> next = at;
        for (int i = 0; i < batch.size(); i++) {
            assertThat(next).as("%s, entry %d after the end", where, i).isNotNull();
            assertThat(batch.key(i)).as("%s, key %d", where, i).isEqualTo(next.getKey());
            byte[] value = batch.hasValues() ? next.getValue() : new byte[0];
            assertThat(batch.value(i)).as("%s, value %d", where, i).isEqualTo(value);
            next = expected.higherEntry(next.getKey());
        }
        assertThat(batch.isFull() || next == null)
                .as("%s: the batch ends too early", where)
                .isTrue();
        return next;
    }
}
