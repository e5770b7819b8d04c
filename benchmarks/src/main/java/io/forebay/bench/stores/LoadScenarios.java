package io.forebay.bench.stores;

import io.forebay.bench.engines.Ability;
import io.forebay.bench.engines.Engine;
import io.forebay.bench.engines.Setup;
import io.forebay.bench.scenarios.Data;
import io.forebay.bench.scenarios.Trial;
import io.forebay.bench.system.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntFunction;

/** Much data, little memory, many stores, and work while flushes and compactions run. */
final class LoadScenarios {
    private static final int STORES = 200;
    private static final long STORES_MEMORY = 512L << 20;
    private static final int BIG_MEMTABLE = 256 << 20;
    private static final int CHECKPOINTS = 100;
    private static final int MOST_READS = 200_000;
    /** What every engine here can keep up with. */
    private static final long PAIR_NANOS = 20_000;

    private LoadScenarios() {}

    /** Into an empty store: sorted entries by the fastest way of the engine, and write batches in the order of a changelog. */
    static void bulk(StoreTrial trial) {
        Data data = trial.data();
        load(trial, "bulk load, per entry", data, data::ascending, Engine::bulkLoad);
        if (trial.can(Ability.RESTORE)) {
            load(trial, "restore in write batches, per entry", data, data::present, Engine::restore);
        }
    }

    private interface Load {
        void into(Engine engine, int count, Engine.Entries entries);
    }

    private static void load(StoreTrial trial, String work, Data data, IntFunction<byte[]> keys, Load load) {
        int count = data.count();
        Engine.Entries entries = new Engine.Entries() {
            @Override
            public byte[] key(int index) {
                return keys.apply(index);
            }

            @Override
            public byte[] value(int index) {
                return data.value(index);
            }
        };
        try (Engine engine = trial.open(work.substring(0, work.indexOf(' ')), Setup.ofKafka())) {
            trial.trial().time(work, count, data.bytes(count), () -> load.into(engine, count, entries));
            int middle = count / 2;
            Trial.check(Arrays.equals(engine.get(keys.apply(middle)), data.value(middle)), "a value is lost");
        }
    }

    /** Half reads, half writes over a full store, so that flushes and compactions run all the time. */
    static void mixed(StoreTrial trial) {
        Data data = trial.data();
        int count = data.count();
        SplittableRandom random = trial.trial().random();
        try (Engine engine = trial.open(smallBuffers(data))) {
            fill(engine, data);
            int times = 4 * count;
            trial.trial().measure("mixed 50/50 while files are merged", times, data.bytes(times / 2), i -> {
                byte[] key = data.present(random.nextInt(count));
                if ((i & 1) == 0) {
                    engine.put(key, data.value(i));
                } else {
                    Trial.check(engine.get(key) != null, "a key is lost");
                }
            });
        }
    }

    /**
     * Gets between puts that come at the same rate for all, so that none has more to flush and to merge meanwhile than another
     * one. The time of a get begins with its call: what it waited for a put before it is the put's.
     */
    static void beside(StoreTrial trial) {
        Data data = trial.data();
        int count = data.count();
        Trial watch = trial.trial();
        SplittableRandom random = watch.random();
        int pairs = 2 * count;
        long[] gets = new long[pairs];
        long[] puts = new long[pairs];
        try (Engine engine = trial.open(smallBuffers(data))) {
            fill(engine, data);
            long started = System.nanoTime();
            for (int i = 0; i < pairs; i++) {
                while (System.nanoTime() - started < i * PAIR_NANOS) {
                    Thread.onSpinWait();
                }
                byte[] key = data.present(random.nextInt(count));
                long putAt = System.nanoTime();
                engine.put(key, data.value(i));
                long getAt = System.nanoTime();
                byte[] value = engine.get(data.present(random.nextInt(count)));
                gets[i] = System.nanoTime() - getAt;
                puts[i] = getAt - putAt;
                Trial.check(value != null, "a key is lost");
            }
        }
        watch.reportPercentiles("get beside flush and compaction", gets);
        watch.reportPercentiles("put beside flush and compaction", puts);
    }

    /** Small write buffers for small states, so that files come about as they do at full size. */
    private static Setup smallBuffers(Data data) {
        int memtable = (int) Math.max(256 << 10, Math.min(16 << 20, data.bytes(data.count()) / 8));
        return new Setup(6L * memtable, memtable);
    }

    private static void fill(Engine engine, Data data) {
        for (int i = 0; i < data.count(); i++) {
            engine.put(data.present(i), data.value(i));
        }
    }

    /** A load in random order, and three times as many uniform overwrites: what is written for it, and what is left on disk. */
    static void overwrites(StoreTrial trial) {
        Data data = trial.data();
        int count = data.count();
        Trial watch = trial.trial();
        SplittableRandom random = watch.random();
        long state = data.bytes(count);
        try (Engine engine = trial.open(smallBuffers(data))) {
            long before = watch.writtenBytes();
            watch.measure("load", count, state, i -> engine.put(data.present(i), data.value(i)));
            engine.flush();
            watch.awaitQuiet();
            watch.figure("load: bytes written per byte put", "x", (watch.writtenBytes() - before) / (double) state);
            long middle = watch.writtenBytes();
            int times = 3 * count;
            watch.measure(
                    "overwrite",
                    times,
                    data.bytes(times),
                    i -> engine.put(data.present(random.nextInt(count)), data.value(i)));
            engine.flush();
            watch.awaitQuiet();
            watch.figure(
                    "overwrites: bytes written per byte put",
                    "x",
                    (watch.writtenBytes() - middle) / (double) data.bytes(times));
            watch.figure("bytes on disk per live byte", "x", Files.size(watch.directory()) / (double) state);
        }
    }

    /** 200 stores that share 512 MB. */
    static void many(StoreTrial trial) {
        int each = Math.max(100, trial.scale().keys() / STORES);
        Data data = new Data(each, trial.scale().valueBytes());
        Trial watch = trial.trial();
        SplittableRandom random = watch.random();
        List<Engine> engines = trial.openMany(STORES, new Setup(STORES_MEMORY, 16 << 20));
        try {
            int total = STORES * each;
            watch.measure(
                    "200 stores: put",
                    total,
                    data.bytes(total),
                    i -> engines.get(i % STORES).put(data.present(i / STORES), data.value(i)));
            watch.measure(
                    "200 stores: get",
                    total / 2,
                    i -> Trial.check(
                            engines.get(random.nextInt(STORES)).get(data.present(random.nextInt(each))) != null,
                            "a key is lost"));
            watch.memory("200 stores: memory");
        } finally {
            for (int i = STORES - 1; i >= 0; i--) {
                engines.get(i).close();
            }
        }
    }

    /** State ten times larger than the memory of the engine. The files are in the page cache of the system. */
    static void cold(StoreTrial trial) {
        Data data = trial.data();
        int count = data.count();
        Trial watch = trial.trial();
        SplittableRandom random = watch.random();
        long memory = Math.max(2 << 20, data.bytes(count) / 10);
        Setup setup = new Setup(memory, (int) Math.max(64 << 10, Math.min(16 << 20, memory / 8)));
        try (Engine engine = trial.open(setup)) {
            fill(engine, data);
            engine.settle();
            int times = Math.min(MOST_READS, count / 2);
            watch.measure(
                    "get, state 10 x memory",
                    times,
                    i -> Trial.check(engine.get(data.present(random.nextInt(count))) != null, "a key is lost"));
            watch.measure(
                    "get miss, state 10 x memory",
                    times,
                    i -> Trial.check(engine.get(data.absent(random.nextInt(count))) == null, "a key from nowhere"));
            int written = count / 10;
            watch.measure("read-modify-write, state 10 x memory", written, data.bytes(written), i -> {
                int index = random.nextInt(count);
                byte[] value = engine.get(data.present(index));
                engine.put(data.present(index), data.value(value[0] + i));
            });
            watch.memory("memory, state 10 x memory");
        }
    }

    /**
     * The pause of the writing thread, with a write buffer of 256 MB that is filled anew between checkpoints. The background part
     * of a checkpoint goes on while the next entries are written, and ends before the next checkpoint.
     */
    static void checkpoints(StoreTrial trial) {
        Data data = trial.data();
        int count = data.count();
        int between = Math.max(10, count / 10);
        Trial watch = trial.trial();
        SplittableRandom random = watch.random();
        List<Long> pauses = new ArrayList<>();
        try (Engine engine = trial.open(new Setup(3L * BIG_MEMTABLE, BIG_MEMTABLE))) {
            for (int checkpoint = 0; checkpoint < CHECKPOINTS; checkpoint++) {
                for (int i = 0; i < between; i++) {
                    engine.put(data.present(random.nextInt(count)), data.value(i));
                }
                engine.finishCheckpoint();
                long started = System.nanoTime();
                engine.checkpointPause();
                pauses.add(System.nanoTime() - started);
            }
            engine.finishCheckpoint();
        }
        watch.report("checkpoint pause", pauses);
    }
}
