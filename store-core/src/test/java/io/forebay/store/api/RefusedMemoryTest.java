package io.forebay.store.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.MemoryBudgetException;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.RefusingSlabs;
import io.forebay.store.testing.SteppedExecutor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/**
 * The budget has room, but the JVM or the host refuses the memory: a write either happens or leaves nothing behind, and can
 * be tried again.
 */
class RefusedMemoryTest {
    private static final int MIB = 1 << 20;

    @Test
    void aWriteThatTheJvmRefusesMemoryCanBeTriedAgain() {
        sweep(() -> new MemoryBudgetException("The JVM refuses direct memory"));
    }

    @Test
    void soCanOneThatAHostRefuses() {
        sweep(() -> new OutOfMemoryError("for a test"));
    }

    /** A JVM that gives less than the budget: all that is out is cached blocks, and they make room. */
    @Test
    void theCacheMakesRoomForWhatTheJvmRefuses() {
        RefusingSlabs slabs = new RefusingSlabs(() -> new OutOfMemoryError("for a test"));
        try (Environment environment = Environment.builder()
                .memoryBytes(16 * MIB)
                .executor(new SteppedExecutor(new ManualClock()))
                .clock(new ManualClock())
                .allocator(slabs)
                .build()) {
            Store store = environment.open(FileStores.inMemory(), StoreOptions.defaults());
            fill(store, 0, 8_000);
            store.flush();
            readAll(store, 8_000);
            assertThat(environment.statistics().cacheBytes()).isGreaterThan(7 * MIB);
            assertThat(environment.statistics().memtableBytes()).isLessThan(MIB);
            slabs.limit(slabs.slabs.outstanding());
            fill(store, 8_000, 8_000);
            // a quarter of the budget in one batch
            WriteBatch batch = new WriteBatch();
            for (int i = 16_000; i < 20_000; i++) {
                batch.put(bytes("key" + i), new byte[1000]);
            }
            store.write(batch);
            assertThat(slabs.refusals()).isPositive();
            readAll(store, 20_000);
            store.flush();
            fill(store, 0, 20_000);
            readAll(store, 20_000);
            store.compact();
            readAll(store, 20_000);
        }
        assertThat(slabs.slabs.outstanding()).isZero();
    }

    private static WriteBatch batch(int round, int bytes) {
        WriteBatch batch = new WriteBatch();
        for (int i = 0; batch.sizeInBytes() < bytes; i++) {
            batch.put(bytes("key" + i), Arrays.copyOf(bytes("" + round), 1000));
        }
        return batch;
    }

    /** A quarter of the budget is had, less than what a batch of nearly that needs as a whole; larger ones come in pieces anyway. */
    @Test
    void aBatchWithoutRoomAsAWholeIsAppliedInPieces() {
        RefusingSlabs slabs = new RefusingSlabs(() -> new OutOfMemoryError("for a test"));
        try (Environment environment =
                Environment.builder().memoryBytes(16 * MIB).allocator(slabs).build()) {
            Store store = environment.open(FileStores.inMemory(), StoreOptions.defaults());
            slabs.limit(4 * MIB);
            for (int round = 1; round <= 16; round++) {
                WriteBatch batch = batch(round, round * MIB / 2);
                store.write(batch);
                for (int i : new int[] {0, batch.count() / 2, batch.count() - 1}) {
                    assertThat(store.get(bytes("key" + i))).startsWith(bytes("" + round));
                }
            }
            assertThat(slabs.refusals()).isPositive();
            assertThat(store.statistics().readOnlyCause()).isNull();
        }
        assertThat(slabs.slabs.outstanding()).isZero();
    }

    /** Small ones would be applied in pieces, but for one entry there is no room: that is known before the first of them. */
    @Test
    void aBatchOfWhichOneEntryHasNoRoomChangesNothing() {
        for (int megabytes : new int[] {1, 5}) {
            RefusingSlabs slabs = new RefusingSlabs(() -> new OutOfMemoryError("for a test"));
            try (Environment environment =
                    Environment.builder().memoryBytes(16 * MIB).allocator(slabs).build()) {
                Store store = environment.open(FileStores.inMemory(), StoreOptions.defaults());
                slabs.limit(2 * MIB);
                store.put(bytes("key0"), bytes("before"));
                WriteBatch batch = batch(1, megabytes * MIB);
                batch.put(bytes("large"), new byte[5 * MIB / 2]);
                assertThatThrownBy(() -> store.write(batch))
                        .isInstanceOf(MemoryBudgetException.class)
                        .hasMessageContaining("a write batch");
                assertThat(store.statistics().readOnlyCause()).isNull();
                assertThat(store.get(bytes("key0"))).isEqualTo(bytes("before"));
                assertThat(store.get(bytes("key1"))).isNull();
                store.put(bytes("key1"), bytes("after"));
                slabs.allowAll();
                store.write(batch);
                assertThat(store.get(bytes("large"))).hasSize(5 * MIB / 2);
            }
            assertThat(slabs.slabs.outstanding()).isZero();
        }
    }

    @Test
    void soLittleMemoryThatNothingIsCachedIsEnoughForReads() {
        RefusingSlabs slabs = new RefusingSlabs(() -> new OutOfMemoryError("for a test"));
        try (Environment environment =
                Environment.builder().memoryBytes(16 * MIB).allocator(slabs).build()) {
            Store store = environment.open(FileStores.inMemory(), StoreOptions.defaults());
            fill(store, 0, 2_000);
            slabs.limit(0); // the flush puts nothing into the cache
            store.flush();
            readAll(store, 2_000);
            try (StoreIterator iterator = store.iterator(KeyRange.all())) {
                int entries = 0;
                for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                    entries++;
                }
                assertThat(entries).isEqualTo(2_000);
            }
            assertThat(environment.statistics().cacheBytes()).isZero();
        }
    }

    /** Nothing is written or given back meanwhile, so that only time tells that memory may be there again. */
    @Test
    void whoOnlyReadsCachesAgainWhenThereIsMemoryAgain() {
        RefusingSlabs slabs = new RefusingSlabs(() -> new OutOfMemoryError("for a test"));
        ManualClock clock = new ManualClock();
        try (Environment environment = Environment.builder()
                .memoryBytes(16 * MIB)
                .executor(new SteppedExecutor(new ManualClock()))
                .clock(clock)
                .allocator(slabs)
                .build()) {
            Store store = environment.open(FileStores.inMemory(), StoreOptions.defaults());
            fill(store, 0, 2_000);
            slabs.limit(0); // the flush puts nothing into the cache
            store.flush();
            readAll(store, 2_000);
            assertThat(environment.statistics().cacheBytes()).isZero();
            slabs.allowAll();
            clock.advance(60_000_000_000L);
            readAll(store, 2_000);
            assertThat(environment.statistics().cacheBytes()).isGreaterThan(MIB);
        }
    }

    /** The refusal is over when it is known that no flush would help. */
    @Test
    void aRefusalThatPassesFailsNoWrite() {
        RefusingSlabs slabs = new RefusingSlabs(() -> new OutOfMemoryError("for a test"));
        try (Environment environment =
                Environment.builder().memoryBytes(16 * MIB).allocator(slabs).build()) {
            Store store = environment.open(FileStores.inMemory(), StoreOptions.defaults());
            slabs.refuse(2);
            store.put(bytes("key"), bytes("value"));
            assertThat(slabs.refusals()).isEqualTo(2);
            assertThat(store.get(bytes("key"))).isEqualTo(bytes("value"));
        }
    }

    @Test
    void whenNothingCanMakeRoomTheNumbersAreSaid() {
        OutOfMemoryError refusal = new OutOfMemoryError("for a test");
        RefusingSlabs slabs = new RefusingSlabs(() -> refusal);
        try (Environment environment =
                Environment.builder().memoryBytes(16 * MIB).allocator(slabs).build()) {
            Store store = environment.open(FileStores.inMemory(), StoreOptions.defaults());
            slabs.limit(0);
            assertThatThrownBy(() -> store.put(bytes("key"), bytes("value")))
                    .isInstanceOf(MemoryBudgetException.class)
                    .hasMessageContaining("budget of 16777216 bytes")
                    .hasMessageContaining("no more than 65536 can be had")
                    .hasCause(refusal);
            slabs.allowAll();
            store.put(bytes("key"), bytes("value"));
            store.commitDurably(new byte[0]);
            assertThat(store.get(bytes("key"))).isEqualTo(bytes("value"));
        }
    }

    private static void fill(Store store, int from, int count) {
        for (int i = from; i < from + count; i++) {
            store.put(bytes("key" + i), new byte[1000]);
        }
    }

    private static void readAll(Store store, int count) {
        for (int i = 0; i < count; i++) {
            assertThat(store.get(bytes("key" + i))).hasSize(1000);
        }
    }

    /** Refuses one request after the other, until a run needs no more. */
    private static void sweep(Supplier<? extends Throwable> failure) {
        int refused = 0;
        for (int allowed = 0; new Run(failure).refusesAfter(allowed); allowed++) {
            refused++;
        }
        assertThat(refused).as("requests of a run").isGreaterThan(20);
    }

    private static final class Run {
        private final RefusingSlabs slabs;
        private final SteppedExecutor executor;
        private final Map<String, byte[]> model = new TreeMap<>();
        private Store store;
        private int failed;

        Run(Supplier<? extends Throwable> failure) {
            slabs = new RefusingSlabs(failure);
            executor = new SteppedExecutor(new ManualClock());
        }

        /** @return false when the writes did not ask for so much */
        boolean refusesAfter(int allowed) {
            try (Environment environment = Environment.builder()
                    .memoryBytes(64 * MIB)
                    .clock(new ManualClock())
                    .executor(executor)
                    .allocator(slabs)
                    .build()) {
                store = environment.open(FileStores.inMemory(), StoreOptions.defaults());
                slabs.allow(allowed);
                writeAll();
                slabs.allowAll();
                assertThat(failed).isLessThanOrEqualTo(slabs.refusals());
                check();
                store.flush();
                check();
            }
            assertThat(slabs.slabs.outstanding()).isZero();
            return slabs.refusals() > 0;
        }

        /** Splits of the index, values that grow alone and in batches, large values. */
        private void writeAll() {
            for (int i = 0; i < 6_500; i++) {
                put("key" + i, new byte[i % 7]);
            }
            for (int size = 100; size < 100_000; size *= 5) {
                put("grows", new byte[size]);
                WriteBatch batch = new WriteBatch();
                List<Map.Entry<String, byte[]>> entries = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    entries.add(Map.entry("inBatch" + i % 2, new byte[size * (1 + i)]));
                    batch.put(bytes("inBatch" + i % 2), new byte[size * (1 + i)]);
                }
                attempt(() -> store.write(batch));
                entries.forEach(entry -> model.put(entry.getKey(), entry.getValue()));
            }
            WriteBatch many = new WriteBatch();
            for (int i = 0; i < 9_000; i++) {
                many.put(bytes("many" + i), bytes("" + i));
                model.put("many" + i, bytes("" + i));
            }
            attempt(() -> store.write(many));
        }

        private void put(String key, byte[] value) {
            attempt(() -> store.put(bytes(key), value));
            model.put(key, value);
        }

        private void attempt(Runnable write) {
            try {
                write.run();
            } catch (MemoryBudgetException | OutOfMemoryError e) {
                failed++;
                slabs.allowAll();
                write.run();
            }
        }

        private void check() {
            List<String> scanned = new ArrayList<>();
            try (StoreIterator iterator = store.iterator(KeyRange.all())) {
                for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                    scanned.add(new String(iterator.key(), UTF_8));
                }
            }
            assertThat(scanned).isEqualTo(List.copyOf(model.keySet()));
            model.forEach((key, value) -> {
                if (!Arrays.equals(value, store.get(bytes(key)))) {
                    throw new AssertionError("Not what was written to " + key);
                }
            });
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
