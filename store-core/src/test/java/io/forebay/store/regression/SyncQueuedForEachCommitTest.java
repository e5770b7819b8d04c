package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.Durability;
import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.SteppedExecutor;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

/**
 * With a log and a commit interval of zero each commit queued a sync of its own, a million of them on a slow disk;
 * flushes of all stores of the environment waited behind them.
 */
class SyncQueuedForEachCommitTest {
    private static final byte[] KEY = "key".getBytes(UTF_8);

    private final ManualClock clock = new ManualClock();
    private final SteppedExecutor stepped = new SteppedExecutor(clock);
    private int queued;
    private int mostQueued;
    private boolean refusing;

    /** Counts the flushes and syncs that wait to begin. */
    private final BackgroundExecutor counting = new BackgroundExecutor() {
        @Override
        public void execute(Kind kind, Runnable work) {
            if (kind != Kind.FLUSH) {
                stepped.execute(kind, work);
                return;
            }
            if (refusing) {
                throw new RejectedExecutionException("for a test");
            }
            mostQueued = Math.max(mostQueued, ++queued);
            stepped.execute(kind, () -> {
                queued--;
                work.run();
            });
        }

        @Override
        public Runnable schedule(long delayNanos, Runnable work) {
            return stepped.schedule(delayNanos, work);
        }

        @Override
        public boolean help() {
            return stepped.help();
        }

        @Override
        public void close() {
            stepped.close();
        }
    };

    private Environment environment() {
        return Environment.builder()
                .memoryBytes(8 << 20)
                .allocator(new HeapSlabs())
                .clock(clock)
                .executor(counting)
                .build();
    }

    private static StoreOptions options() {
        return StoreOptions.builder()
                .durability(Durability.BUFFERED)
                .commitInterval(Duration.ZERO)
                .build();
    }

    private static byte[] bytes(int number) {
        return Integer.toString(number).getBytes(UTF_8);
    }

    private static void commit(Store store, int number) {
        store.put(KEY, bytes(number));
        store.commit(bytes(number));
    }

    /** All stores of the environment wait in that queue. */
    @Test
    void oneSyncWaitsHoweverManyCommitsThereAre() {
        try (Environment environment = environment()) {
            Store store = environment.open(FileStores.inMemory(), options());
            for (int round = 0; round < 10; round++) {
                for (int i = 0; i < 100; i++) {
                    commit(store, 100 * round + i);
                }
                long before = store.statistics().walSyncs();
                stepped.drain();
                assertThat(store.durablePayload()).isEqualTo(bytes(100 * round + 99));
                assertThat(store.statistics().walSyncs()).isEqualTo(before + 1);
            }
            assertThat(mostQueued).isEqualTo(1);
        }
    }

    /** Also when it comes while another is being synced. */
    @Test
    void everyCommitBecomesDurableWithoutAnother() {
        try (Environment environment =
                Environment.builder().memoryBytes(8 << 20).build()) {
            Store store = environment.open(FileStores.inMemory(), options());
            for (int i = 0; i < 20_000; i++) {
                commit(store, i);
                if (i % 3 == 2) {
                    awaitDurable(store, bytes(i));
                }
            }
        }
    }

    private static void awaitDurable(Store store, byte[] payload) {
        long begin = System.nanoTime();
        while (!Arrays.equals(store.durablePayload(), payload)) {
            assertThat(System.nanoTime() - begin)
                    .as("a commit that is forgotten")
                    .isLessThan(120_000_000_000L);
            Thread.onSpinWait();
        }
    }

    /** As a flush that is refused. */
    @Test
    void aSyncThatIsRefusedIsToldAndTriedAgain() {
        try (Environment environment = environment()) {
            Store store = environment.open(FileStores.inMemory(), options());
            refusing = true;
            commit(store, 1);
            assertThat(store.statistics().readOnlyCause()).contains("for a test");
            assertThatThrownBy(() -> commit(store, 2)).isInstanceOf(ReadOnlyStoreException.class);
            assertThat(store.committedPayload()).isEqualTo(bytes(1));
            refusing = false;
            store.resume();
            stepped.drain();
            assertThat(store.durablePayload()).isEqualTo(bytes(1));
            commit(store, 3);
            stepped.drain();
            assertThat(store.durablePayload()).isEqualTo(bytes(3));
        }
    }
}
