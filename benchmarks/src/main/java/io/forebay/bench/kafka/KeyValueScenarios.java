package io.forebay.bench.kafka;

import io.forebay.bench.scenarios.Data;
import io.forebay.bench.scenarios.Trial;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntSupplier;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.TimestampedKeyValueStore;
import org.apache.kafka.streams.state.ValueAndTimestamp;

/** Key-value stores. Keys are new arrays, as a serializer makes them: the stores in memory keep them. */
final class KeyValueScenarios {
    private static final int BATCH = 100;
    private static final Serde<byte[]> BYTES = Serdes.ByteArray();
    private static final ByteArraySerializer PREFIX_SERIALIZER = new ByteArraySerializer();

    private KeyValueScenarios() {}

    static void plain(Trial trial, StoreFamily family) {
        StreamTask.<KeyValueStore<byte[], byte[]>>run(
                trial.directory(),
                Stores.keyValueStoreBuilder(family.keyValue(StreamTask.STORE), BYTES, BYTES),
                (task, store) -> plain(trial, task, store));
    }

    private static void plain(Trial trial, StreamTask task, KeyValueStore<byte[], byte[]> store) {
        Data data = new Data(trial.scale().keys(), trial.scale().valueBytes());
        SplittableRandom random = trial.random();
        int count = data.count();
        int times = Math.max(1000, count / 2);
        trial.measure("put", count, data.bytes(count), i -> {
            task.nextRecord(i);
            store.put(data.present(i).clone(), data.value(i));
        });
        trial.awaitQuiet();
        trial.measure(
                "get hit",
                times,
                i -> Trial.check(store.get(data.present(random.nextInt(count)).clone()) != null, "a key is lost"));
        trial.measure(
                "get miss",
                times,
                i -> Trial.check(store.get(data.absent(random.nextInt(count)).clone()) == null, "a key from nowhere"));
        scans(trial, store, data, random);
        int hot = Math.max(1, count / 20);
        update(trial, task, "read-modify-write, uniform", store, data, times, () -> random.nextInt(count));
        update(trial, task, "read-modify-write, hot set (5 %)", store, data, times, () -> random.nextInt(hot));
        trial.measureInGroups("putAll of 100, per entry", times / BATCH, BATCH, data.bytes(times), i -> {
            List<KeyValue<byte[], byte[]>> entries = new ArrayList<>(BATCH);
            for (int k = 0; k < BATCH; k++) {
                entries.add(KeyValue.pair(data.present(random.nextInt(count)).clone(), data.value(i + k)));
            }
            task.nextRecord(i);
            store.putAll(entries);
        });
        trial.measure("delete", times, i -> {
            task.nextRecord(i);
            store.delete(data.present(random.nextInt(count)).clone());
        });
    }

    private static void update(
            Trial trial,
            StreamTask task,
            String work,
            KeyValueStore<byte[], byte[]> store,
            Data data,
            int times,
            IntSupplier next) {
        trial.measure(work, times, data.bytes(times), i -> {
            task.nextRecord(i);
            byte[] key = data.present(next.getAsInt()).clone();
            byte[] value = store.get(key).clone();
            value[0]++;
            store.put(key, value);
        });
    }

    private static void scans(Trial trial, KeyValueStore<byte[], byte[]> store, Data data, SplittableRandom random) {
        int count = data.count();
        int times = Math.max(100, count / 20);
        // Keys are random, so the bounds hold about ten of them. In memory a range costs what it holds, read or not.
        trial.measure("range of 10", times, i -> {
            byte[] from = data.present(random.nextInt(count)).clone();
            Trial.check(drain(store.range(from, after(from, 10, count))) > 0, "no entry");
        });
        trial.measure("reverse range of 10", times, i -> {
            byte[] from = data.present(random.nextInt(count)).clone();
            Trial.check(drain(store.reverseRange(from, after(from, 10, count))) > 0, "no entry");
        });
        int prefixes = Math.max(100, times / 10);
        // Keys are random: one in so many of the store has the first two bytes.
        trial.measure("prefix scan, " + Math.max(1, count >> 16) + " entries", prefixes, i -> {
            byte[] prefix = Arrays.copyOf(data.present(random.nextInt(count)), 2);
            Trial.check(drain(store.prefixScan(prefix, PREFIX_SERIALIZER)) > 0, "no entry");
        });
        trial.time("all, per entry", count, 0, () -> all(store.all(), count));
        trial.time("reverse all, per entry", count, 0, () -> all(store.reverseAll(), count));
    }

    /** The key before which about {@code entries} of {@code count} random keys lie, from {@code key} on. */
    private static byte[] after(byte[] key, int entries, int count) {
        ByteBuffer bound = ByteBuffer.wrap(key.clone());
        long begin = bound.getLong(0);
        long end = begin + Long.divideUnsigned(-1, count) * entries;
        return bound.putLong(0, Long.compareUnsigned(end, begin) < 0 ? -1 : end).array();
    }

    private static void all(KeyValueIterator<byte[], ?> iterator, int count) {
        int found = drain(iterator);
        Trial.check(found == count, found + " entries instead of " + count);
    }

    /** Reads and closes {@code iterator}. @return how many entries it had */
    static int drain(KeyValueIterator<?, ?> iterator) {
        int found = 0;
        try (iterator) {
            while (iterator.hasNext()) {
                KeyValue<?, ?> entry = iterator.next();
                Trial.check(entry.key != null && entry.value != null, "an entry without key or value");
                found++;
            }
        }
        return found;
    }

    static void timestamped(Trial trial, StoreFamily family) {
        StreamTask.<TimestampedKeyValueStore<byte[], byte[]>>run(
                trial.directory(),
                Stores.timestampedKeyValueStoreBuilder(family.timestampedKeyValue(StreamTask.STORE), BYTES, BYTES),
                (task, store) -> timestamped(trial, task, store));
    }

    private static void timestamped(Trial trial, StreamTask task, TimestampedKeyValueStore<byte[], byte[]> store) {
        Data data = new Data(trial.scale().keys(), trial.scale().valueBytes());
        SplittableRandom random = trial.random();
        int count = data.count();
        int times = Math.max(1000, count / 2);
        trial.measure("timestamped put", count, data.bytes(count), i -> {
            task.nextRecord(i);
            store.put(data.present(i).clone(), ValueAndTimestamp.make(data.value(i), i));
        });
        trial.awaitQuiet();
        trial.measure(
                "timestamped get",
                times,
                i -> Trial.check(store.get(data.present(random.nextInt(count)).clone()) != null, "a key is lost"));
        trial.time("timestamped all, per entry", count, 0, () -> all(store.all(), count));
        int hot = Math.max(1, count / 20);
        trial.measure(
                "timestamped read-modify-write, hot set (5 %)",
                times, data.bytes(times), i -> {
                    task.nextRecord(i);
                    byte[] key = data.present(random.nextInt(hot)).clone();
                    byte[] value = store.get(key).value().clone();
                    value[0]++;
                    store.put(key, ValueAndTimestamp.make(value, i));
                });
    }
}
