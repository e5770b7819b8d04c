package io.forebay.store.harness.burst;

import io.forebay.store.BackgroundExecutor.Kind;
import io.forebay.store.Checkpoint;
import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.ManualClock;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Stores that were opened together and are written at the same rate: uniform updates. Used by one thread. */
final class StoresInStep implements AutoCloseable {
    static final long SECOND = 1_000_000_000L;

    private static final int VALUE_BYTES = 100;
    private static final long TICK = SECOND / 10;
    /** As a slow disk: 10 MB/s. */
    private static final double NANOS_PER_BYTE = 100;

    /** What makes memtables immutable. */
    enum Driver {
        /** A checkpoint of all stores at once, every ten seconds. */
        CHECKPOINTS,
        /** All stores commit every second; commits become durable within ten seconds. */
        COMMITS,
        /** Memtables are full. */
        SIZE,
        /** Memory is short. */
        MEMORY
    }

    /**
     * The work of one kind, in windows of time.
     *
     * @param most at the same time
     * @param peak nanoseconds of work in the busiest window
     * @param mean nanoseconds of work in a window
     * @param count pieces of work
     */
    record Load(int most, double peak, double mean, int count) {
        double peakToMean() {
            return peak / mean;
        }
    }

    private final Driver driver;
    private final ManualClock clock = new ManualClock();
    private final CountedBytes bytes = new CountedBytes();
    private final SimulatedThreads threads;
    private final Environment environment;
    private final List<Store> stores = new ArrayList<>();
    private final Random random;
    private final int keys;
    private final int putsPerTick;
    private long begin;

    /**
     * @param keys of each store
     * @param putsPerTick to each store, ten times a second
     */
    StoresInStep(Driver driver, int count, int keys, int putsPerTick, long seed) {
        this.driver = driver;
        this.keys = keys;
        this.putsPerTick = putsPerTick;
        random = new Random(seed);
        threads = new SimulatedThreads(clock, count + 1, bytes, NANOS_PER_BYTE);
        boolean isShort = driver == Driver.MEMORY;
        environment = Environment.builder()
                .memoryBytes(isShort ? count * (1L << 19) : count * (8L << 20))
                .clock(clock)
                .executor(threads)
                .allocator(new HeapSlabs())
                .random(random::nextLong)
                .build();
        StoreOptions.Builder options = StoreOptions.builder()
                .memtableBytes(driver == Driver.SIZE ? 512 << 10 : 8 << 20)
                .targetFileBytes(4 << 20)
                .commitInterval(driver == Driver.COMMITS ? Duration.ofSeconds(10) : Duration.ofHours(1));
        for (int i = 0; i < count; i++) {
            stores.add(environment.open(
                    bytes.over(FileStores.inMemory()), options.name("store" + i).build()));
        }
    }

    void run(int seconds) {
        long end = clock.nanoTime() + seconds * SECOND;
        List<Checkpoint> open = new ArrayList<>();
        for (int tick = 1; clock.nanoTime() < end; tick++) {
            for (Store store : stores) {
                for (int i = 0; i < putsPerTick; i++) {
                    store.put(key(random.nextInt(keys)), value());
                }
                if (tick % 10 == 0) {
                    store.commit(ByteBuffer.allocate(4).putInt(tick).array());
                }
            }
            if (driver == Driver.CHECKPOINTS && tick % 100 == 0) {
                open.forEach(Checkpoint::close);
                open.clear();
                stores.forEach(store -> open.add(store.checkpoint(new byte[0])));
            }
            threads.pass(TICK);
        }
        open.forEach(Checkpoint::close);
    }

    /** What comes now counts. */
    void begin() {
        begin = clock.nanoTime();
    }

    Load load(Kind kind, int windowSeconds) {
        long length = windowSeconds * SECOND;
        List<SimulatedThreads.Job> jobs = threads.jobs().stream()
                .filter(job -> job.kind() == kind && job.from() >= begin)
                .toList();
        int windows = (int) ((clock.nanoTime() - begin) / length);
        double[] busy = new double[windows + 1];
        int most = 0;
        for (SimulatedThreads.Job job : jobs) {
            for (long at = job.from(); at < job.to(); ) {
                int window = (int) ((at - begin) / length);
                long until = Math.min(job.to(), begin + (window + 1) * length);
                busy[Math.min(window, windows)] += window < windows ? until - at : 0;
                at = until;
            }
            most = Math.max(most, (int) jobs.stream()
                    .filter(other -> other.from() <= job.from() && job.from() < other.to())
                    .count());
        }
        double peak = 0;
        double sum = 0;
        for (int i = 0; i < windows; i++) {
            peak = Math.max(peak, busy[i]);
            sum += busy[i];
        }
        return new Load(most, peak, sum / windows, jobs.size());
    }

    /** The most sorted runs that a store has. */
    long sortedRuns() {
        return stores.stream()
                .mapToLong(store -> store.statistics().sortedRuns())
                .max()
                .orElseThrow();
    }

    /** File bytes that flushes and merges have written for each byte that flushes have. */
    double written() {
        long flushed = 0;
        long merged = 0;
        for (Store store : stores) {
            flushed += store.statistics().bytesFlushed();
            merged += store.statistics().bytesCompactedOut();
        }
        return (double) (flushed + merged) / flushed;
    }

    private static byte[] key(int number) {
        return ByteBuffer.allocate(16).putLong(number * 0x9E3779B97F4A7C15L).array();
    }

    private byte[] value() {
        byte[] value = new byte[VALUE_BYTES];
        random.nextBytes(value);
        return value;
    }

    @Override
    public void close() {
        environment.close();
    }
}
