package io.forebay.bench.stores;

import io.forebay.bench.engines.Ability;
import io.forebay.bench.engines.Engine;
import io.forebay.bench.engines.Setup;
import io.forebay.bench.scenarios.Data;
import io.forebay.bench.scenarios.Trial;
import io.forebay.bench.scenarios.Zipf;
import java.util.SplittableRandom;
import java.util.function.IntSupplier;

/** Single reads, writes and scans over one set of keys. */
final class CoreScenario {
    static final int BATCH = 100;

    /** Enough for a percentile of 99.9, and a bound for the time of a round. */
    private static final int MOST = 1_000_000;

    private static final int MOST_SCANNED = 2_000_000;

    private CoreScenario() {}

    static void run(StoreTrial trial) {
        Data data = trial.data();
        try (Engine engine = trial.open(Setup.ofKafka())) {
            load(trial, engine, data);
            points(trial, engine, data);
            updates(trial, engine, data);
            if (trial.can(Ability.SCAN)) {
                scans(trial, engine, data);
            }
            trial.trial().memory("memory with the store open");
        }
    }

    private static void load(StoreTrial trial, Engine engine, Data data) {
        int count = data.count();
        Trial watch = trial.trial();
        SplittableRandom random = watch.random("load");
        long started = System.nanoTime();
        watch.measure("put", count, data.bytes(count), i -> engine.put(data.present(i), data.value(i)));
        if (trial.can(Ability.FILES)) {
            engine.flush();
            // What is still to be flushed and merged when the last put returns is work of the load as well.
            long ended = watch.awaitQuiet();
            watch.figure("load until nothing is left to be done", "ns an entry", (ended - started) / (double) count);
            watch.measure("get hit, files as the load left them", reads(data), i -> hit(engine, data, random));
            engine.settle();
        }
    }

    private static int reads(Data data) {
        return Math.max(1000, Math.min(MOST, data.count() / 2));
    }

    private static void hit(Engine engine, Data data, SplittableRandom random) {
        int index = random.nextInt(data.count());
        byte[] value = engine.get(data.present(index));
        byte[] put = data.value(index);
        Trial.check(value != null && value.length == put.length && value[0] == put[0], "a value is lost");
    }

    private static void points(StoreTrial trial, Engine engine, Data data) {
        Trial watch = trial.trial();
        SplittableRandom random = watch.random("points");
        int count = data.count();
        int times = reads(data);
        watch.measure("get hit", times, i -> hit(engine, data, random));
        watch.measure(
                "get miss",
                times,
                i -> Trial.check(engine.get(data.absent(random.nextInt(count))) == null, "a key from nowhere"));
        if (trial.can(Ability.MULTI_GET)) {
            byte[][] keys = new byte[BATCH][Data.KEY_BYTES];
            SplittableRandom many = watch.random("multi-get");
            watch.measureInGroups("multi-get of 100, per key", Math.max(10, times / BATCH), BATCH, 0, i -> {
                for (byte[] key : keys) {
                    data.present(many.nextInt(count), key);
                }
                Trial.check(engine.getAll(keys) == BATCH, "a key is lost");
            });
        }
    }

    private static void updates(StoreTrial trial, Engine engine, Data data) {
        SplittableRandom random = trial.trial().random("updates");
        int count = data.count();
        int times = reads(data);
        int hot = Math.max(1, count / 20);
        Zipf zipf = new Zipf(count);
        update(trial, "read-modify-write, uniform", engine, data, times, () -> random.nextInt(count));
        // The most frequent numbers are next to each other, their keys are not.
        update(trial, "read-modify-write, Zipf", engine, data, times, () -> zipf.next(random));
        update(trial, "read-modify-write, hot 5 %", engine, data, Math.min(MOST, count), () -> random.nextInt(hot));
        engine.settle();
    }

    private static void update(StoreTrial trial, String work, Engine engine, Data data, int times, IntSupplier next) {
        trial.trial().measure(work, times, data.bytes(times), i -> {
            int index = next.getAsInt();
            byte[] value = engine.get(data.present(index));
            // What is written depends on what was read.
            engine.put(data.present(index), data.value(value[0] + i));
        });
    }

    private static void scans(StoreTrial trial, Engine engine, Data data) {
        Trial watch = trial.trial();
        SplittableRandom random = watch.random("scans");
        int count = data.count();
        for (boolean reverse : new boolean[] {false, true}) {
            if (reverse && !trial.can(Ability.REVERSE)) {
                return;
            }
            String direction = reverse ? ", reverse" : "";
            for (int limit : new int[] {10, 100}) {
                int times = Math.max(100, Math.min(MOST_SCANNED, count) / limit);
                watch.measure(
                        "seek + " + limit + direction,
                        times,
                        i -> Trial.check(
                                engine.scan(data.present(random.nextInt(count)), limit, reverse) > 0, "no entry"));
            }
            watch.time("full scan" + direction + ", per entry", count, 0, () -> {
                int found = engine.scan(null, Integer.MAX_VALUE, reverse);
                Trial.check(found == count, found + " entries instead of " + count);
            });
        }
    }

    static void batches(StoreTrial trial) {
        Data data = trial.data();
        int batches = data.count() / BATCH;
        byte[][] keys = new byte[BATCH][Data.KEY_BYTES];
        byte[][] values = new byte[BATCH][];
        try (Engine engine = trial.open(Setup.ofKafka())) {
            long bytes = data.bytes((long) batches * BATCH);
            trial.trial().measureInGroups("put in batches of 100, per entry", batches, BATCH, bytes, batch -> {
                for (int k = 0; k < BATCH; k++) {
                    int index = batch * BATCH + k;
                    data.present(index, keys[k]);
                    values[k] = data.value(index);
                }
                engine.putAll(keys, values);
            });
            Trial.check(engine.get(data.present(batches * BATCH - 1)) != null, "a key is lost");
        }
    }
}
