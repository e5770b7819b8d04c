package io.forebay.bench.scenarios;

import io.forebay.bench.engines.Engine;
import io.forebay.bench.engines.Setup;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Much data, little memory, many stores, and work while flushes and compactions run. */
final class LoadScenarios {
    private LoadScenarios() {}

    static void bulk(Trial trial) {
        int count = trial.scale().keys();
        Data data = new Data(count, trial.scale().valueBytes());
        try (Engine engine = trial.open(Setup.ofKafka())) {
            long bytes = count * (16L + data.valueBytes());
            Engine.Entries entries = new Engine.Entries() {
                @Override
                public byte[] key(int index) {
                    return Data.ascending(index);
                }

                @Override
                public byte[] value(int index) {
                    return data.value(index);
                }
            };
            trial.time("bulk load, per entry", count, bytes, () -> engine.bulkLoad(count, entries));
            Trial.check(engine.get(Data.ascending(count / 2)) != null, "a key is lost");
        }
    }

    /** Half reads, half writes over a store that is written four times over, so that flushes and compactions run all the time. */
    static void mixed(Trial trial) {
        int count = trial.scale().keys();
        Data data = new Data(count, trial.scale().valueBytes());
        SplittableRandom random = trial.random();
        try (Engine engine = trial.open(Setup.ofKafka())) {
            for (int i = 0; i < count; i++) {
                engine.put(data.present(i), data.value(i));
            }
            int times = 4 * count;
            trial.measure("mixed 50/50 while files are merged", times, times / 2 * (16L + data.valueBytes()), i -> {
                byte[] key = data.present(random.nextInt(count));
                if ((i & 1) == 0) {
                    engine.put(key, data.value(i));
                } else {
                    Trial.check(engine.get(key) != null, "a key is lost");
                }
            });
        }
    }

    /** 200 stores that share 512 MB. */
    static void many(Trial trial) {
        int stores = 200;
        int each = Math.max(100, trial.scale().keys() / stores);
        Data data = new Data(each, trial.scale().valueBytes());
        SplittableRandom random = trial.random();
        List<File> directories = new ArrayList<>();
        for (int i = 0; i < stores; i++) {
            File directory = new File(trial.directory(), "store" + i);
            if (!directory.mkdirs()) {
                throw new IllegalStateException("Cannot create " + directory);
            }
            directories.add(directory);
        }
        List<Engine> engines = trial.kind().openMany(directories, new Setup(512L << 20, 16 << 20));
        try {
            int total = stores * each;
            long bytes = total * (16L + data.valueBytes());
            trial.measure(
                    "200 stores: put",
                    total,
                    bytes,
                    i -> engines.get(i % stores).put(data.present(i / stores), data.value(i)));
            trial.measure(
                    "200 stores: get",
                    total / 2,
                    i -> Trial.check(
                            engines.get(random.nextInt(stores)).get(data.present(random.nextInt(each))) != null,
                            "a key is lost"));
        } finally {
            for (int i = stores - 1; i >= 0; i--) {
                engines.get(i).close();
            }
        }
    }

    /** State ten times larger than the memory of the engine. The files are in the page cache of the system. */
    static void cold(Trial trial) {
        int count = trial.scale().keys();
        Data data = new Data(count, trial.scale().valueBytes());
        SplittableRandom random = trial.random();
        long state = count * (16L + data.valueBytes());
        long memory = Math.max(2 << 20, state / 10);
        Setup setup = new Setup(memory, (int) Math.max(64 << 10, Math.min(16 << 20, memory / 8)));
        try (Engine engine = trial.open(setup)) {
            for (int i = 0; i < count; i++) {
                engine.put(data.present(i), data.value(i));
            }
            engine.settle();
            int times = Math.min(200_000, count / 2);
            trial.measure(
                    "get, state 10 x memory",
                    times,
                    i -> Trial.check(engine.get(data.present(random.nextInt(count))) != null, "a key is lost"));
            trial.measure(
                    "get miss, state 10 x memory",
                    times,
                    i -> Trial.check(engine.get(data.absent(random.nextInt(count))) == null, "a key from nowhere"));
        }
    }

    /** The pause of the writing thread, with a write buffer of 256 MB that is filled anew between checkpoints. */
    static void checkpoints(Trial trial) {
        int memtable = 256 << 20;
        int count = trial.scale().keys();
        Data data = new Data(count, trial.scale().valueBytes());
        SplittableRandom random = trial.random();
        List<Long> pauses = new ArrayList<>();
        try (Engine engine = trial.open(new Setup(3L * memtable, memtable))) {
            int rounds = 30;
            for (int round = 0; round < rounds; round++) {
                for (int i = 0; i < Math.max(1000, count / 10); i++) {
                    engine.put(data.present(random.nextInt(count)), data.value(i));
                }
                long started = System.nanoTime();
                engine.checkpointPause();
                pauses.add(System.nanoTime() - started);
            }
            engine.settle();
        }
        trial.report("checkpoint pause", pauses);
    }
}
