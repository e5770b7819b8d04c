package io.forebay.kafka;

import static io.forebay.kafka.StoreFlavour.bytes;
import static io.forebay.kafka.TestContexts.open;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.kafka.state.ForebayStateStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Other threads read and scan while the store is written, committed and closed. */
@Tag("smoke")
class ReadsBesideWriterTest extends ReadStores {
    /** Readers never see a row go back, and end with the exception that Kafka expects when the store closes under them. */
    @ParameterizedTest
    @EnumSource
    void otherThreadsReadWhileTheStoreIsWrittenCommittedAndClosed(StoreFlavour flavour) throws Exception {
        context = TestContexts.unlogged(dir, Map.of("forebay.memtable.bytes", 16 << 10));
        ForebayStateStore store = (ForebayStateStore) open(flavour.create("s"), context);
        for (int key = 0; key < 50; key++) {
            flavour.put(store, "k" + key, "0");
        }
        ExecutorService readers = Executors.newFixedThreadPool(3);
        CountDownLatch reading = new CountDownLatch(3);
        List<Future<Long>> results = new ArrayList<>();
        for (int r = 0; r < 3; r++) {
            Callable<Long> reader = () -> {
                int[] seen = new int[50];
                for (long reads = 0; ; reads++) {
                    int key = (int) (reads % 50);
                    String value;
                    try {
                        value = flavour.get(store, "k" + key);
                    } catch (InvalidStateStoreException e) {
                        assertThat(e).hasMessage("Store s is currently closed");
                        return reads;
                    }
                    int round = Integer.parseInt(value);
                    assertThat(round).isGreaterThanOrEqualTo(seen[key]);
                    seen[key] = round;
                    if (reads == 200) {
                        reading.countDown();
                    }
                }
            };
            results.add(readers.submit(reader));
        }
        assertThat(reading.await(5, TimeUnit.MINUTES)).isTrue();
        for (int round = 1; round <= 300; round++) {
            for (int key = 0; key < 50; key++) {
                flavour.put(store, "k" + key, String.valueOf(round));
            }
            if (round % 20 == 0) {
                store.commit(Map.of());
            }
        }
        store.close();
        for (Future<Long> result : results) {
            assertThat(result.get(5, TimeUnit.MINUTES)).isGreaterThan(200);
        }
        readers.shutdown();
    }

    /** A scan from another thread sees every row exactly once, whatever is flushed or compacted meanwhile. */
    @Test
    void otherThreadsScanWhileTheStoreIsWritten() throws Exception {
        context = TestContexts.unlogged(dir, Map.of("forebay.memtable.bytes", 16 << 10));
        KeyValueStore<Bytes, byte[]> store = keyValue();
        for (int key = 0; key < 500; key++) {
            store.put(bytes("k" + (1000 + key)), value(0));
        }
        ExecutorService scanner = Executors.newSingleThreadExecutor();
        CountDownLatch scanning = new CountDownLatch(1);
        Future<Integer> scans = scanner.submit(() -> {
            for (int done = 0; ; done++) {
                int rows = 0;
                try (KeyValueIterator<Bytes, byte[]> all = done % 2 == 0 ? store.all() : store.reverseAll()) {
                    for (; all.hasNext(); rows++) {
                        all.next();
                    }
                } catch (InvalidStateStoreException e) {
                    return done;
                }
                assertThat(rows).isEqualTo(500);
                scanning.countDown();
            }
        });
        assertThat(scanning.await(5, TimeUnit.MINUTES)).isTrue();
        for (int round = 1; round <= 100; round++) {
            for (int key = 0; key < 500; key++) {
                store.put(bytes("k" + (1000 + key)), value(round));
            }
        }
        store.close();
        assertThat(scans.get(5, TimeUnit.MINUTES)).isPositive();
        scanner.shutdown();
    }
}
