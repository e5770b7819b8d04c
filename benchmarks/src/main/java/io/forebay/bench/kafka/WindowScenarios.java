package io.forebay.bench.kafka;

import io.forebay.bench.scenarios.Data;
import io.forebay.bench.scenarios.Trial;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.internals.SessionWindow;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;

/** Window and session stores, with as many rows as the scale says. Windows of a minute, sessions of half a minute. */
final class WindowScenarios {
    private static final long WINDOW = 60_000;
    private static final long GAP = 30_000;
    /** Rows of a key. */
    private static final int ROWS = 60;

    private static final Duration RETENTION = Duration.ofMillis(ROWS * WINDOW);
    private static final Serde<byte[]> BYTES = Serdes.ByteArray();

    private WindowScenarios() {}

    static void windows(Trial trial, StoreFamily family) {
        StreamTask.<WindowStore<byte[], byte[]>>run(
                trial.directory(),
                Stores.windowStoreBuilder(
                        family.window(StreamTask.STORE, RETENTION, Duration.ofMillis(WINDOW)), BYTES, BYTES),
                (task, store) -> windows(trial, task, store));
    }

    private static void windows(Trial trial, StreamTask task, WindowStore<byte[], byte[]> store) {
        int keys = Math.max(10, trial.scale().keys() / ROWS);
        int rows = keys * ROWS;
        int times = Math.max(1000, rows / 4);
        Data data = new Data(keys, trial.scale().valueBytes());
        SplittableRandom random = trial.random();
        trial.measure(
                "window put", rows, data.bytes(rows), i -> put(task, store, data, i % keys, i / keys * WINDOW, i));
        trial.awaitQuiet();
        trial.measure("window fetch, one", times, i -> {
            byte[] key = data.present(random.nextInt(keys)).clone();
            Trial.check(store.fetch(key, random.nextInt(1, ROWS) * WINDOW) != null, "a window is lost");
        });
        trial.measure("window fetch, 5 in a row", times / 5, i -> {
            byte[] key = data.present(random.nextInt(keys)).clone();
            long from = random.nextInt(1, ROWS - 5) * WINDOW;
            drainExactly(store.fetch(key, from, from + 4 * WINDOW), 5);
        });
        trial.measure("window backward fetch, 5 in a row", times / 5, i -> {
            byte[] key = data.present(random.nextInt(keys)).clone();
            long from = random.nextInt(1, ROWS - 5) * WINDOW;
            drainExactly(store.backwardFetch(key, from, from + 4 * WINDOW), 5);
        });
        trial.measure("window read-modify-write, newest", times, data.bytes(times), i -> {
            byte[] value = store.fetch(data.present(i % keys).clone(), (ROWS - 1) * WINDOW)
                    .clone();
            value[0]++;
            task.nextRecord((ROWS - 1) * WINDOW);
            store.put(data.present(i % keys).clone(), value, (ROWS - 1) * WINDOW);
        });
        trial.time("window all, per row", rows, 0, () -> drainExactly(store.all(), rows));
        // Twice the retention passes: each new segment makes an old one expire.
        int more = 2 * rows;
        trial.measure(
                "window put while old ones expire",
                more,
                data.bytes(more),
                i -> put(task, store, data, i % keys, (ROWS + i / keys) * WINDOW, i));
        trial.awaitQuiet();
        int last = ROWS + 2 * ROWS - 1;
        trial.measure("window fetch of a whole retention", Math.max(100, keys / 4), i -> {
            byte[] key = data.present(random.nextInt(keys)).clone();
            drainExactly(store.fetch(key, 0, last * WINDOW), ROWS);
        });
    }

    private static void put(
            StreamTask task, WindowStore<byte[], byte[]> store, Data data, int key, long time, int number) {
        task.nextRecord(time);
        store.put(data.present(key).clone(), data.value(number), time);
    }

    private static void drainExactly(KeyValueIterator<?, ?> iterator, int expected) {
        int found = KeyValueScenarios.drain(iterator);
        Trial.check(found == expected, found + " rows instead of " + expected);
    }

    static void sessions(Trial trial, StoreFamily family) {
        StreamTask.<SessionStore<byte[], byte[]>>run(
                trial.directory(),
                Stores.sessionStoreBuilder(family.session(StreamTask.STORE, RETENTION), BYTES, BYTES),
                (task, store) -> sessions(trial, task, store));
    }

    private static void sessions(Trial trial, StreamTask task, SessionStore<byte[], byte[]> store) {
        int keys = Math.max(10, trial.scale().keys() / ROWS);
        int rows = keys * ROWS;
        int times = Math.max(1000, rows / 4);
        Data data = new Data(keys, trial.scale().valueBytes());
        SplittableRandom random = trial.random();
        trial.measure("session put", rows, data.bytes(rows), i -> {
            long start = i / keys * WINDOW;
            task.nextRecord(start);
            store.put(session(data, i % keys, start, start), data.value(i));
        });
        trial.awaitQuiet();
        trial.measure("session fetch, one", times, i -> {
            byte[] key = data.present(random.nextInt(keys)).clone();
            long time = random.nextInt(1, ROWS) * WINDOW;
            Trial.check(store.fetchSession(key, time, time) != null, "a session is lost");
        });
        trial.measure("session find near", times / 5, i -> {
            byte[] key = data.present(random.nextInt(keys)).clone();
            long time = random.nextInt(1, ROWS) * WINDOW;
            drainExactly(store.findSessions(key, time - GAP, time + GAP), 1);
        });
        trial.measure("session fetch of a whole retention", Math.max(100, keys / 4), i -> {
            byte[] key = data.present(random.nextInt(keys)).clone();
            drainExactly(store.fetch(key), ROWS);
        });
        // What a session aggregation does with a record: find the session, remove it, put the longer one.
        long[] ends = new long[keys];
        Arrays.fill(ends, (ROWS - 1) * WINDOW);
        trial.measure("session find, remove and put", times, data.bytes(times), i -> {
            int number = random.nextInt(keys);
            long end = ends[number];
            byte[] key = data.present(number).clone();
            Windowed<byte[]> found;
            byte[] value;
            task.nextRecord(end + 1);
            try (KeyValueIterator<Windowed<byte[]>, byte[]> near =
                    store.findSessions(key, end + 1 - GAP, end + 1 + GAP)) {
                Trial.check(near.hasNext(), "a session is lost");
                KeyValue<Windowed<byte[]>, byte[]> row = near.next();
                found = row.key;
                value = row.value.clone();
                Trial.check(!near.hasNext(), "a session too many");
            }
            store.remove(found);
            value[0]++;
            ends[number] = end + 1;
            store.put(new Windowed<>(key, new SessionWindow(found.window().start(), end + 1)), value);
        });
    }

    private static Windowed<byte[]> session(Data data, int key, long start, long end) {
        return new Windowed<>(data.present(key).clone(), new SessionWindow(start, end));
    }
}
