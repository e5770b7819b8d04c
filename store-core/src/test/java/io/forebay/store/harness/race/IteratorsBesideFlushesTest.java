package io.forebay.store.harness.race;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.ValueBuffer;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.Effort;
import io.forebay.store.testing.Figures;
import io.forebay.store.testing.PoisonSlabs;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Real threads walk on while flushes take the memtables that their iterators hold. */
class IteratorsBesideFlushesTest {
    private static final int MIB = 1 << 20;

    private static byte[] key(int i) {
        return String.format("key %08d", i).getBytes(UTF_8);
    }

    /** With real threads: readers walk on while flushes take what they hold; freed memory is poisoned. */
    @Test
    void iteratorsGoOnWhileTheirMemtablesAreTaken() throws Exception {
        PoisonSlabs slabs = new PoisonSlabs();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        AtomicBoolean stop = new AtomicBoolean();
        long generations = Effort.of("idle.generations", 150, 15_000);
        long taken;
        try (Environment environment =
                Environment.builder().memoryBytes(2 * MIB).allocator(slabs).build()) {
            Store store = environment.open(
                    FileStores.inMemory(),
                    StoreOptions.builder().memtableBytes(256 << 10).build());
            writeAll(store, 0);
            List<Thread> readers = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                boolean forward = i != 1;
                Thread reader = new Thread(() -> {
                    try {
                        while (!stop.get()) {
                            scan(store, forward);
                        }
                    } catch (Throwable e) {
                        failure.compareAndSet(null, e);
                    }
                });
                reader.start();
                readers.add(reader);
            }
            try {
                for (int generation = 1; generation <= generations && failure.get() == null; generation++) {
                    writeAll(store, generation);
                }
            } finally {
                stop.set(true);
                for (Thread reader : readers) {
                    reader.join();
                }
            }
            taken = store.statistics().idleIteratorsEmptied();
        }
        assertThat(failure.get()).isNull();
        assertThat(slabs.outstanding()).isZero();
        Figures figures = new Figures(IteratorsBesideFlushesTest.class);
        figures.add("taken", taken);
        figures.write();
    }

    private static void writeAll(Store store, int generation) {
        WriteBatch batch = new WriteBatch();
        for (int i = 0; i < 300; i++) {
            batch.put(key(i), value(i, generation));
        }
        store.write(batch);
    }

    private static byte[] value(int i, int generation) {
        return (i + ":" + generation + ":" + "x".repeat(200)).getBytes(UTF_8);
    }

    /** All rows are there, and of one generation. */
    private static void scan(Store store, boolean forward) {
        ValueBuffer buffer = new ValueBuffer();
        try (StoreIterator iterator = store.iterator(KeyRange.all())) {
            String generation = null;
            int rows = 0;
            if (forward) {
                iterator.seekToFirst();
            } else {
                iterator.seekToLast();
            }
            while (iterator.isValid()) {
                int expected = forward ? rows : 299 - rows;
                assertThat(iterator.key()).isEqualTo(key(expected));
                iterator.value(buffer);
                String[] parts = new String(buffer.toByteArray(), UTF_8).split(":");
                assertThat(parts[0]).isEqualTo(Integer.toString(expected));
                assertThat(parts[2]).hasSize(200);
                if (generation != null) {
                    assertThat(parts[1]).isEqualTo(generation);
                }
                generation = parts[1];
                rows++;
                if (forward) {
                    iterator.next();
                } else {
                    iterator.prev();
                }
            }
            assertThat(rows).isEqualTo(300);
        }
    }
}
