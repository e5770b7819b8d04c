package io.forebay.store.wal;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Durability;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.SteppedEnvironment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** How large write-ahead logs get, and what it costs to keep them small. */
@Tag("smoke")
class WalSizeTest extends LoggedStores {
    @Test
    void commitsAloneDoNotGrowTheLogWithoutEnd() {
        int most = 64 << 10;
        byte[] payload = new byte[1000];
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(files, options(Durability.BUFFERED).walBytes(most));
            for (int i = 0; i < 1000; i++) {
                ByteBuffer.wrap(payload).putInt(i);
                store.commit(payload);
                stepped.executor.drain();
                assertThat(store.statistics().walBytes())
                        .as("after commit %d", i)
                        .isLessThan(most + most / 8);
            }
        }
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            assertThat(stepped.open(files, options(Durability.BUFFERED)).durablePayload())
                    .isEqualTo(payload);
        }
    }

    @Test
    void aReplayLargerThanTheMemoryIsFlushedOnTheWay() {
        StoreOptions.Builder options = options(Durability.BUFFERED);
        Store store = new SteppedEnvironment(64 << 20).open(files, options);
        byte[] value = new byte[10_000];
        for (int i = 0; i < 1000; i++) {
            Arrays.fill(value, (byte) i);
            store.put(bytes(String.format("key%04d", i)), value);
        }
        assertThat(store.statistics().flushes()).isZero();
        try (SteppedEnvironment small = new SteppedEnvironment(1 << 20)) {
            Store reopened = small.open(files.afterKill(), options);
            assertThat(small.environment.statistics().memoryPeak()).isLessThanOrEqualTo(1 << 20);
            for (int i = 0; i < 1000; i++) {
                assertThat(reopened.get(bytes(String.format("key%04d", i)))[5]).isEqualTo((byte) i);
            }
        }
    }

    @Test
    void hotKeysCannotGrowTheLogsBeyondTheBound() {
        long bound = 64 << 10;
        StoreOptions.Builder options = options(Durability.BUFFERED).walBytes(bound);
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(files, options);
            byte[] value = new byte[100];
            for (int i = 0; i < 20_000; i++) {
                store.put(bytes("key" + i % 10), value);
                if (i % 100 == 0) {
                    stepped.executor.drain();
                }
                assertThat(store.statistics().walBytes()).isLessThan(bound);
            }
            long sum = logs().stream().mapToLong(files::size).sum();
            assertThat(store.statistics().walBytes()).isEqualTo(sum);
            assertThat(store.statistics().walBytesWritten()).isGreaterThan(20 * bound);
            // each of them leaves a file of ten keys, which compactions make one of
            assertThat(store.statistics().flushes()).isBetween(40L, 200L);
        }
    }

    @Test
    void aFlushThatDoesNotComeIsPaidForByWriters() {
        long bound = 1 << 20;
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(files, options(Durability.BUFFERED).walBytes(bound));
            byte[] value = new byte[100];
            for (int i = 0; i < 100_000; i++) {
                store.put(bytes("key" + i % 10), value);
            }
            // nobody but the writer itself did background work
            assertThat(store.statistics().walBytes()).isLessThan(bound + bound / 4);
        }
    }
}
