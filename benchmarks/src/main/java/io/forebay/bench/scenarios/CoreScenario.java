package io.forebay.bench.scenarios;

import io.forebay.bench.engines.Ability;
import io.forebay.bench.engines.Engine;
import io.forebay.bench.engines.Setup;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.IntSupplier;

/** Single reads, writes and scans over one set of keys. */
final class CoreScenario {
    private static final int BATCH = 100;

    private CoreScenario() {}

    static void run(Trial trial) {
        Data data = new Data(trial.scale().keys(), trial.scale().valueBytes());
        try (Engine engine = trial.open(Setup.ofKafka())) {
            load(trial, engine, data);
            points(trial, engine, data);
            if (trial.can(Ability.SCAN)) {
                scans(trial, engine, data);
            }
        }
    }

    private static void load(Trial trial, Engine engine, Data data) {
        int[] order = shuffled(data.count(), trial.random());
        long bytes = data.count() * (16L + data.valueBytes());
        trial.measure("put", data.count(), bytes, i -> engine.put(data.present(order[i]), data.value(i)));
        trial.time("put: flush and compact at the end", data.count(), bytes, engine::settle);
    }

    private static void points(Trial trial, Engine engine, Data data) {
        SplittableRandom random = trial.random();
        int count = data.count();
        int times = Math.max(1000, count / 2);
        // What was read last stays in the caches of processor and engine; it is the same for all of them.
        trial.measure(
                "get hit",
                times,
                i -> Trial.check(engine.get(data.present(random.nextInt(count))) != null, "a key is lost"));
        trial.measure(
                "get miss",
                times,
                i -> Trial.check(engine.get(data.absent(random.nextInt(count))) == null, "a key from nowhere"));
        if (trial.can(Ability.MULTI_GET)) {
            byte[][] keys = new byte[BATCH][];
            trial.measure("multi-get of 100, per key", times / BATCH, i -> {
                for (int k = 0; k < BATCH; k++) {
                    keys[k] = data.present(random.nextInt(count));
                }
                Trial.check(engine.getAll(keys) == BATCH, "a key is lost");
            });
        }
        int hot = Math.max(1, count / 20);
        Zipf zipf = new Zipf(count);
        update(trial, "read-modify-write, uniform", engine, data, times, () -> random.nextInt(count));
        update(trial, "read-modify-write, Zipf", engine, data, times, () -> zipf.next(random));
        update(trial, "read-modify-write, hot set (5 %)", engine, data, count, () -> random.nextInt(hot));
        engine.settle();
    }

    private static void update(Trial trial, String work, Engine engine, Data data, int times, IntSupplier next) {
        trial.measure(work, times, times * (16L + data.valueBytes()), i -> {
            byte[] key = data.present(next.getAsInt());
            byte[] value = engine.get(key).clone();
            value[0]++;
            engine.put(key, value);
        });
    }

    private static void scans(Trial trial, Engine engine, Data data) {
        SplittableRandom random = trial.random();
        int count = data.count();
        for (boolean reverse : new boolean[] {false, true}) {
            if (reverse && !trial.can(Ability.REVERSE)) {
                return;
            }
            String direction = reverse ? ", reverse" : "";
            for (int limit : new int[] {10, 100}) {
                int times = Math.max(100, count / limit);
                trial.measure(
                        "seek + " + limit + direction,
                        times,
                        i -> Trial.check(
                                engine.scan(data.present(random.nextInt(count)), limit, reverse) > 0, "no entry"));
            }
            trial.time("full scan" + direction + ", per entry", count, 0, () -> {
                int found = engine.scan(null, Integer.MAX_VALUE, reverse);
                Trial.check(found == count, found + " entries instead of " + count);
            });
        }
    }

    static void batches(Trial trial) {
        Data data = new Data(trial.scale().keys(), trial.scale().valueBytes());
        try (Engine engine = trial.open(Setup.ofKafka())) {
            int[] order = shuffled(data.count(), trial.random());
            byte[][] keys = new byte[BATCH][];
            byte[][] values = new byte[BATCH][];
            long bytes = data.count() * (16L + data.valueBytes());
            trial.time("put in batches of 100, per entry", data.count() / BATCH * (long) BATCH, bytes, () -> {
                for (int i = 0; i + BATCH <= order.length; i += BATCH) {
                    for (int k = 0; k < BATCH; k++) {
                        keys[k] = data.present(order[i + k]);
                        values[k] = data.value(i + k);
                    }
                    engine.putAll(keys, values);
                }
            });
        }
    }

    static int[] shuffled(int count, SplittableRandom random) {
        int[] order = new int[count];
        Arrays.setAll(order, i -> i);
        for (int i = count - 1; i > 0; i--) {
            int other = random.nextInt(i + 1);
            int kept = order[i];
            order[i] = order[other];
            order[other] = kept;
        }
        return order;
    }
}
