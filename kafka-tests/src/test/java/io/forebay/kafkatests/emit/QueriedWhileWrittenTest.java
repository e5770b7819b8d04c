package io.forebay.kafkatests.emit;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.kafka.ForebayDslStoreSuppliers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.DslStoreFormat;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.internals.SessionWindow;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.state.DslSessionParams;
import org.apache.kafka.streams.state.DslWindowParams;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.test.TestUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Queries of other threads on the stores of windows and sessions that are emitted when they close, while their task writes,
 * commits and lets rows expire: rows come in their order, each once, none goes back to an older value, and none that was seen
 * is missing before it is too old.
 */
class QueriedWhileWrittenTest {
    private static final int WRITES = 20_000;
    /** Rounds of queries before the last write, however few the machine has time for meanwhile. */
    private static final int PASSES = 300;

    private static final int READERS = 2;
    private static final long RETENTION = 150_000;
    private static final long GUARD_SECONDS = 300;

    private interface Write<S> {
        void put(S store, Bytes key, long time, byte[] value);
    }

    private static Bytes key(int number) {
        return Bytes.wrap(
                "key".repeat(1 + number % 3).concat(Integer.toString(number)).getBytes(StandardCharsets.UTF_8));
    }

    private static long time(Windowed<Bytes> row, boolean byEnd) {
        return byEnd ? row.window().end() : row.window().start();
    }

    /** Rows by the time they were asked in; the order of keys at equal times is looked at elsewhere. */
    private static <S> long check(
            Function<S, KeyValueIterator<Windowed<Bytes>, byte[]>> query,
            S store,
            boolean byEnd,
            Map<Windowed<Bytes>, Long> newest,
            AtomicLong streamTime) {
        long rows = 0;
        long last = Long.MIN_VALUE;
        Map<Windowed<Bytes>, Long> seen = new HashMap<>();
        try (KeyValueIterator<Windowed<Bytes>, byte[]> iterator = query.apply(store)) {
            while (iterator.hasNext()) {
                var row = iterator.next();
                long time = time(row.key, byEnd);
                if (time < last) {
                    throw new AssertionError(row.key + " comes after the time " + last);
                }
                last = time;
                ByteBuffer value = ByteBuffer.wrap(row.value);
                long number = value.getLong(value.limit() - 8);
                if (seen.put(row.key, number) != null) {
                    throw new AssertionError(row.key + " comes twice");
                }
                rows++;
            }
        }
        seen.forEach((row, number) -> {
            if (newest.merge(row, number, Math::max) > number) {
                throw new AssertionError(row + " goes back from " + newest.get(row) + " to " + number);
            }
        });
        long shownFrom = streamTime.get() - RETENTION + 1;
        newest.keySet().removeIf(row -> time(row, byEnd) < shownFrom);
        Set<Windowed<Bytes>> missing = new HashSet<>(newest.keySet());
        missing.removeAll(seen.keySet());
        assertThat(missing).isEmpty();
        return rows;
    }

    /** Queries until after the last write; the number of rows. */
    private static <S> long read(
            S store,
            boolean byEnd,
            List<Function<S, KeyValueIterator<Windowed<Bytes>, byte[]>>> queries,
            AtomicLong streamTime,
            AtomicInteger passes,
            CountDownLatch written) {
        List<Map<Windowed<Bytes>, Long>> newest = new ArrayList<>();
        queries.forEach(query -> newest.add(new HashMap<>()));
        long rows = 0;
        boolean last;
        do {
            last = written.getCount() == 0;
            for (int query = 0; query < queries.size(); query++) {
                rows += check(queries.get(query), store, byEnd, newest.get(query), streamTime);
            }
            passes.incrementAndGet();
        } while (!last);
        return rows;
    }

    private static <S extends StateStore> void run(
            StoreBuilder<?> builder,
            Write<S> write,
            boolean byEnd,
            List<Function<S, KeyValueIterator<Windowed<Bytes>, byte[]>>> queries) {
        SeededRuns.run(QueriedWhileWrittenTest.class, 1, seed -> {
            OperatorStore<S> open = new OperatorStore<>(builder, TestUtils.tempDirectory(), 0);
            ExecutorService threads = Executors.newFixedThreadPool(READERS);
            AtomicLong streamTime = new AtomicLong();
            AtomicInteger passes = new AtomicInteger();
            CountDownLatch written = new CountDownLatch(1);
            List<Future<Long>> readers = new ArrayList<>();
            try {
                for (int i = 0; i < READERS; i++) {
                    readers.add(threads.submit(() -> {
                        try {
                            return read(open.store(), byEnd, queries, streamTime, passes, written);
                        } finally {
                            passes.addAndGet(PASSES); // nobody writes on for one that has failed
                        }
                    }));
                }
                Random random = new Random(seed);
                long now = 1_000_000;
                long guard = System.nanoTime() + TimeUnit.SECONDS.toNanos(GUARD_SECONDS);
                for (int step = 0; step < WRITES || passes.get() < PASSES && System.nanoTime() < guard; step++) {
                    now += random.nextInt(100);
                    long time = (now - random.nextInt(60_000)) / 5_000 * 5_000;
                    streamTime.set(now);
                    open.processes(now, step);
                    write.put(
                            open.store(),
                            key(random.nextInt(8)),
                            time,
                            ByteBuffer.allocate(16).putLong(now).putLong(step).array());
                    if (step % 500 == 0) {
                        open.commit(step);
                    }
                }
                written.countDown();
                for (Future<Long> reader : readers) {
                    assertThat(reader.get(GUARD_SECONDS, TimeUnit.SECONDS)).isPositive();
                }
            } catch (ExecutionException | TimeoutException | InterruptedException e) {
                throw new AssertionError(e);
            } finally {
                written.countDown();
                threads.shutdown();
                open.close();
            }
        });
    }

    @ParameterizedTest(name = "sliding: {0}")
    @ValueSource(booleans = {false, true})
    void windows(boolean sliding) {
        StoreBuilder<?> builder = Stores.timestampedWindowStoreBuilder(
                        new ForebayDslStoreSuppliers()
                                .windowStore(new DslWindowParams(
                                        OperatorStore.NAME,
                                        Duration.ofMillis(RETENTION),
                                        Duration.ofSeconds(10),
                                        false,
                                        EmitStrategy.onWindowClose(),
                                        sliding,
                                        DslStoreFormat.TIMESTAMPED)),
                        Serdes.Bytes(),
                        Serdes.ByteArray())
                .withCachingDisabled();
        QueriedWhileWrittenTest.<WindowStore<Bytes, byte[]>>run(
                builder,
                (store, key, time, value) -> store.put(key, value, time),
                false,
                List.of(
                        WindowStore::all,
                        store -> store.fetchAll(0, Long.MAX_VALUE),
                        store -> store.fetch(key(0), key(0), 0, Long.MAX_VALUE)));
    }

    @Test
    void sessions() {
        StoreBuilder<?> builder = Stores.sessionStoreBuilder(
                new ForebayDslStoreSuppliers()
                        .sessionStore(new DslSessionParams(
                                OperatorStore.NAME,
                                Duration.ofMillis(RETENTION),
                                EmitStrategy.onWindowClose(),
                                DslStoreFormat.PLAIN)),
                Serdes.Bytes(),
                Serdes.ByteArray());
        QueriedWhileWrittenTest.<SessionStore<Bytes, byte[]>>run(
                builder,
                (store, key, time, value) ->
                        store.put(new Windowed<>(key, new SessionWindow(time - time % 20_000, time)), value),
                true,
                List.of(
                        store -> store.findSessions(0, Long.MAX_VALUE - 1),
                        store -> store.findSessions(key(0), 0, Long.MAX_VALUE)));
    }
}
