package io.forebay.store.api;

import static io.forebay.store.testing.TestThreads.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.Environment;
import io.forebay.store.EnvironmentStatistics;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.MemoryBudgetException;
import io.forebay.store.Store;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.SteppedEnvironment;
import io.forebay.store.util.SystemExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** One budget for everything, never exceeded. */
class MemoryTest {
    private static final int MIB = 1 << 20;

    @Test
    void fiftyStoresShareSixteenMebibytes() {
        HeapSlabs slabs = new HeapSlabs();
        Random random = new Random(1);
        try (Environment environment =
                Environment.builder().memoryBytes(16 * MIB).allocator(slabs).build()) {
            List<Store> stores = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                stores.add(environment.open(FileStores.inMemory(), StoreOptions.defaults()));
            }
            int[] written = new int[50];
            for (int i = 0; i < 100_000; i++) {
                int chosen = (int) Math.min(49, Math.abs(random.nextGaussian()) * 20);
                stores.get(chosen).put(key(written[chosen]++), new byte[random.nextInt(1000)]);
            }
            for (int i = 0; i < 50; i++) {
                assertThat(stores.get(i).get(key(written[i]))).isNull();
                for (int j = 0; j < 50 && written[i] > 0; j++) {
                    assertThat(stores.get(i).get(key(random.nextInt(written[i]))))
                            .isNotNull();
                }
            }
            EnvironmentStatistics statistics = environment.statistics();
            assertThat(statistics.memoryPeak()).isLessThanOrEqualTo(16 * MIB);
            assertThat(slabs.peak()).isLessThanOrEqualTo(16 * MIB);
            assertThat(statistics.openStores()).isEqualTo(50);
        }
        assertThat(slabs.outstanding()).isZero();
    }

    @Test
    void anIdleStoreGivesItsMemtableUpForABusyOne() {
        try (SteppedEnvironment stepped = new SteppedEnvironment(4 * MIB)) {
            StoreOptions options = StoreOptions.builder().name("store").build();
            Store idle = stepped.environment.open(FileStores.inMemory(), options);
            Store busy = stepped.environment.open(FileStores.inMemory(), options);
            for (int i = 0; i < 900; i++) {
                idle.put(key(i), new byte[900]);
            }
            assertThat(idle.statistics().flushes()).isZero();
            assertThat(idle.statistics().memtableBytes()).isPositive();
            for (int i = 0; i < 20_000; i++) {
                busy.put(key(i), new byte[900]);
            }
            assertThat(idle.statistics().flushes()).isEqualTo(1);
            assertThat(idle.statistics().memtableBytes()).isZero();
            assertThat(idle.get(key(0))).hasSize(900);
        }
    }

    @Test
    void whatCanNeverFitIsRefusedByName() {
        try (SteppedEnvironment stepped = new SteppedEnvironment(MIB)) {
            Store store = stepped.open(FileStores.inMemory());
            store.put(key(1), new byte[10]);
            assertThatThrownBy(() -> store.put(key(2), new byte[2 * MIB]))
                    .isInstanceOf(MemoryBudgetException.class)
                    .hasMessageContaining(Integer.toString(2 * MIB))
                    .hasMessageContaining("budget of 1048576")
                    .hasMessageContaining("Raise the budget");
            WriteBatch batch = new WriteBatch().put(key(3), key(3)).put(key(2), new byte[2 * MIB]);
            assertThatThrownBy(() -> store.write(batch)).isInstanceOf(MemoryBudgetException.class);
            assertThat(store.get(key(3))).isNull();
            // nothing is wrong with the store
            store.put(key(2), new byte[100]);
            store.commitDurably(new byte[0]);
            assertThat(store.get(key(1))).hasSize(10);
        }
    }

    @Test
    void readersThatAreLeftOpenTakeNoMemory() {
        try (SteppedEnvironment stepped = new SteppedEnvironment(MIB)) {
            Store store = stepped.open(FileStores.inMemory());
            List<StoreIterator> open = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                store.put(key(i), new byte[100]);
                open.add(store.iterator(KeyRange.all()));
                store.flush();
            }
            for (int i = 0; i < open.size(); i++) {
                open.get(i).seek(key(i));
                assertThat(open.get(i).value()).hasSize(100);
            }
            open.forEach(StoreIterator::close);
        }
    }

    @Test
    void iteratorsThatMoveLetGoOfFlushedMemtables() {
        try (SteppedEnvironment stepped = new SteppedEnvironment(2 * MIB)) {
            Store store = stepped.open(FileStores.inMemory());
            for (int i = 0; i < 100; i++) {
                store.put(key(1000 + i), key(1000 + i));
            }
            // each of these finds another half mebibyte in the memtable, and sees none of what comes later
            List<StoreIterator> open = new ArrayList<>();
            for (int round = 0; round < 12; round++) {
                StoreIterator added = store.iterator(KeyRange.of(key(1000), key(1100)));
                if (round % 2 == 0) {
                    added.seekToFirst();
                } else {
                    added.seekToLast();
                }
                open.add(added);
                for (int i = 0; i < 100; i++) {
                    store.put(key(1000 + i), key(1000 + i));
                    store.put(key(2000 + i), new byte[5000]);
                }
                store.delete(key(1050 + round));
                for (int i = 0; i < open.size(); i++) {
                    StoreIterator iterator = open.get(i);
                    int steps = round + 1 - i;
                    byte[] expected = key(i % 2 == 0 ? 1000 + steps : 1099 - steps);
                    if (i % 2 == 0) {
                        iterator.next();
                    } else {
                        iterator.prev();
                    }
                    assertThat(iterator.key()).isEqualTo(expected);
                    assertThat(iterator.value()).isEqualTo(expected);
                }
                stepped.executor.drain();
            }
            for (int i = 0; i < open.size(); i++) {
                int left = 0;
                for (open.get(i).seekToFirst();
                        open.get(i).isValid();
                        open.get(i).next()) {
                    left++;
                }
                // the key deleted in the round before comes back in the next one
                assertThat(left).isEqualTo(i == 0 ? 100 : 99);
                open.get(i).close();
            }
        }
    }

    @Test
    void interruptsEndAWaitAndLoseNothing() throws Exception {
        SystemExecutor executor = new SystemExecutor(1, "test");
        try (Environment environment =
                Environment.builder().memoryBytes(MIB).executor(executor).build()) {
            Store store = environment.open(FileStores.inMemory(), StoreOptions.defaults());
            int written = 0;
            for (int round = 0; round < 5; round++) {
                // No flush can end while the only thread is busy, so a flush and a write without memory must wait.
                CountDownLatch busy = new CountDownLatch(1);
                CountDownLatch go = new CountDownLatch(1);
                executor.execute(BackgroundExecutor.Kind.FLUSH, () -> {
                    busy.countDown();
                    await(go);
                });
                await(busy);
                try {
                    store.put(key(written), new byte[900]);
                    int first = written + 1;
                    Thread.currentThread().interrupt();
                    assertInterrupted(store::flush);
                    Thread.currentThread().interrupt();
                    assertInterrupted(() -> {
                        for (int i = first; i < first + 2_000; i++) {
                            store.put(key(i), new byte[900]);
                        }
                    });
                    written = (int) store.statistics().writes();
                    assertThat(written).isLessThan(first + 2_000);
                } finally {
                    go.countDown();
                }
            }
            // And without anybody's help, wherever the interrupts arrive.
            for (int i = 0; i < 5_000; i++) {
                if (i % 10 == 0) {
                    Thread.currentThread().interrupt();
                }
                try {
                    store.put(key(written), new byte[900]);
                    written++;
                } catch (StoreException e) {
                    assertThat(e).hasCauseInstanceOf(InterruptedException.class);
                }
                if (i % 100 == 0) {
                    try {
                        store.flush();
                    } catch (StoreException e) {
                        assertThat(e).hasCauseInstanceOf(InterruptedException.class);
                    }
                    Thread.interrupted();
                }
            }
            Thread.interrupted();
            for (int i = 0; i < written; i++) {
                assertThat(store.get(key(i))).isNotNull();
            }
            assertThat(store.statistics().writes()).isEqualTo(written);
        }
    }

    /** The wait of {@code call} ends, and the thread stays interrupted; here that is over then. */
    private static void assertInterrupted(ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(StoreException.class).hasCauseInstanceOf(InterruptedException.class);
        assertThat(Thread.interrupted()).isTrue();
    }

    private static byte[] key(int i) {
        return ("key" + i).getBytes(UTF_8);
    }
}
