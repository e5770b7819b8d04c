package io.forebay.bench.micro;

import io.forebay.bench.engines.Engine;
import io.forebay.bench.engines.EngineKind;
import io.forebay.bench.scenarios.Data;
import io.forebay.bench.system.Files;
import java.io.IOException;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Operations on a store that stays in memory. What an engine cannot do throws, and is a gap in the table. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class StoreMicro {
    private static final int BATCH = 100;

    @Param("FOREBAY")
    public EngineKind engineKind;

    @Param("50000")
    public int keys;

    @Param("100")
    public int valueBytes;

    /** Where the entries are that are read: in files behind the block cache, or in the memtable. */
    @Param({"files", "memtable"})
    public String place;

    private final SplittableRandom random = new SplittableRandom(1);
    private final byte[][] batchKeys = new byte[BATCH][Data.KEY_BYTES];
    private final byte[][] batchValues = new byte[BATCH][];
    private Path directory;
    private Engine engine;
    private Data data;
    private int number;

    @Setup
    public void open() throws IOException {
        directory = java.nio.file.Files.createTempDirectory("forebay-micro");
        engine = engineKind.open(directory.toFile(), io.forebay.bench.engines.Setup.ofKafka());
        data = new Data(keys, valueBytes);
        for (int i = 0; i < keys; i++) {
            engine.put(data.present(i), data.value(i));
        }
        if (place.equals("files")) {
            engine.settle();
        }
    }

    @TearDown
    public void close() throws IOException {
        engine.close();
        Files.deleteTree(directory);
    }

    @Benchmark
    public byte[] getHit() {
        return engine.get(data.present(random.nextInt(keys)));
    }

    @Benchmark
    public byte[] getMiss() {
        return engine.get(data.absent(random.nextInt(keys)));
    }

    /** Of keys that are there, so that the memtable stays small where it overwrites in place. */
    @Benchmark
    public void put() {
        engine.put(data.present(random.nextInt(keys)), data.value(number++));
    }

    @Benchmark
    public void readModifyWrite() {
        int index = random.nextInt(keys);
        byte[] value = engine.get(data.present(index));
        engine.put(data.present(index), data.value(value[0] + number++));
    }

    /** One batch of 100. */
    @Benchmark
    public void batchOf100() {
        for (int i = 0; i < BATCH; i++) {
            data.present(random.nextInt(keys), batchKeys[i]);
            batchValues[i] = data.value(number++);
        }
        engine.putAll(batchKeys, batchValues);
    }

    /** One call for 100 keys. */
    @Benchmark
    public int multiGetOf100() {
        for (byte[] key : batchKeys) {
            data.present(random.nextInt(keys), key);
        }
        return engine.getAll(batchKeys);
    }

    @Benchmark
    public int seekAnd10() {
        return engine.scan(data.present(random.nextInt(keys)), 10, false);
    }

    @Benchmark
    public int seekAnd10Reverse() {
        return engine.scan(data.present(random.nextInt(keys)), 10, true);
    }

    @Benchmark
    public int seekAnd1000() {
        return engine.scan(data.present(random.nextInt(keys)), 1000, false);
    }
}
