package io.forebay.store.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.ManualClock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Compactions in the background take their time when there is time; {@code compact()} does not. */
@Timeout(300)
class PacedCompactionsTest {
    private static final int ROWS = 2_000;
    private static final long MINUTE = 60_000_000_000L;

    private final ManualClock clock = new ManualClock();
    private final Random random = new Random(1);

    /** Its files take a millisecond for each piece that is written. */
    private FileStore slowFiles() {
        return new ForwardingFileStore(FileStores.inMemory()) {
            @Override
            public WritableFile create(String name) throws IOException {
                return new Writer(super.create(name)) {
                    @Override
                    public void append(ByteBuffer bytes) throws IOException {
                        clock.advance(1_000_000);
                        super.append(bytes);
                    }
                };
            }
        };
    }

    private Environment environment(int threads) {
        return Environment.builder()
                .memoryBytes(16 << 20)
                .backgroundThreads(threads)
                .clock(clock)
                .build();
    }

    private void flush(Store store) {
        byte[] value = new byte[500];
        for (int i = 0; i < ROWS; i++) {
            random.nextBytes(value);
            store.put(ByteBuffer.allocate(8).putInt(random.nextInt(ROWS)).array(), value);
        }
        clock.advance(MINUTE);
        store.commit(value);
        store.flush();
    }

    private void flushUntilCompacted(Store store, int compactions) {
        while (store.statistics().compactions() < compactions) {
            if (store.statistics().sortedRuns() < 8) {
                flush(store);
            }
        }
    }

    private static long pauses(Store store) {
        return store.statistics().compactionPauseNanos();
    }

    @Test
    void aCompactionInTheBackgroundPauses() {
        try (Environment environment = environment(2)) {
            Store store = environment.open(slowFiles(), StoreOptions.defaults());
            flushUntilCompacted(store, 2);
            assertThat(pauses(store)).isPositive();
        }
    }

    @Test
    void compactDoesNotPause() {
        try (Environment environment = environment(2)) {
            Store store = environment.open(slowFiles(), StoreOptions.defaults());
            flush(store);
            flush(store);
            store.compact(); // waits for what is under way
            long before = pauses(store);
            long compactions = store.statistics().compactions();
            flush(store); // a single tier is not merged by itself
            store.compact();
            assertThat(store.statistics().compactions()).isGreaterThan(compactions);
            assertThat(pauses(store)).isEqualTo(before);
        }
    }

    /** A flush would wait for its end. */
    @Test
    void onTheOnlyThreadNoCompactionPauses() {
        try (Environment environment = environment(1)) {
            Store store = environment.open(slowFiles(), StoreOptions.defaults());
            flushUntilCompacted(store, 2);
            assertThat(pauses(store)).isZero();
        }
    }
}
