package io.forebay.store.harness.linear;

import io.forebay.store.Durability;
import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.MergeFunction;
import io.forebay.store.Snapshot;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.Figures;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * One store with tiny options, its writers and its readers, from beginning to end. It may share its environment with others, and
 * be closed or discarded while it is read.
 */
final class ConcurrentWorkload {
    private static final int READERS = 3;
    private static final int MOST_STORES = 3;
    /** A history is kept in memory. */
    private static final int MOST_ANSWERS = 400_000;

    final long memory;
    final Store store;
    final Environment environment;
    final StoreOptions options;
    final Figures figures;
    /** Writers share it; whoever needs a moment without other writers takes it alone. */
    final ReadWriteLock turn = new ReentrantReadWriteLock();
    /** A snapshot that one thread reads and another one closes. */
    final AtomicReference<Snapshot> exposed = new AtomicReference<>();

    /** Whether the memory is shared: then a writer may be told that there is none, and tries again. */
    final boolean hasNeighbours;
    /** Of ten thousand writes. */
    final int ingests;

    private final Ending ending;
    private final int writers;
    private final Random random;
    private final Recorder recorder = new Recorder();
    private final AtomicInteger writersLeft;
    private final AtomicLong answers = new AtomicLong();
    private volatile boolean stopped;
    private volatile boolean ends;

    /** How a store ends: when nobody reads it any more, or under its readers. */
    private enum Ending {
        QUIET,
        CLOSED,
        DISCARDED
    }

    private ConcurrentWorkload(
            Random random, Figures figures, Environment environment, long memory, boolean hasNeighbours) {
        this.random = random;
        this.figures = figures;
        this.environment = environment;
        this.memory = memory;
        this.hasNeighbours = hasNeighbours;
        ingests = random.nextInt(3) == 0 ? 1_000 : 40;
        ending = Ending.values()[random.nextInt(Ending.values().length)];
        boolean logged = random.nextInt(3) == 0;
        writers = logged ? 1 + random.nextInt(3) : 1;
        writersLeft = new AtomicInteger(writers);
        options = StoreOptions.builder()
                .valueFileThreshold(random.nextBoolean() ? 0 : 1 << random.nextInt(5))
                .memtableBytes(1024 << random.nextInt(6))
                .blockBytes(256 << random.nextInt(4))
                .targetFileBytes(8192L << random.nextInt(3))
                .bloomBitsPerKey(random.nextInt(2) * 10)
                .commitInterval(random.nextBoolean() ? Duration.ZERO : Duration.ofMillis(2))
                .mergeFunction(random.nextBoolean() ? MergeFunction.append((byte) ',') : new Joining())
                .durability(logged ? Durability.BUFFERED : Durability.NONE)
                .build();
        store = environment.open(FileStores.inMemory(), options);
    }

    /** Joins like the append function, but the engine does not know. */
    private static final class Joining implements MergeFunction {
        @Override
        public byte[] merge(byte[] key, List<byte[]> oldestFirst) {
            return MergeFunction.append((byte) ',').merge(key, oldestFirst);
        }

        @Override
        public String name() {
            return "joining";
        }
    }

    /**
     * Runs it and checks its history.
     *
     * @param figures gets what was done
     * @return how many answers were checked
     * @throws AssertionError with the reduced history, when it is not linearizable
     */
    static long check(long seed, Figures figures) {
        Random random = new Random(seed);
        int stores = random.nextInt(3) == 0 ? 2 + random.nextInt(MOST_STORES - 1) : 1;
        long memory = 4L << 20 << random.nextInt(2);
        List<ConcurrentWorkload> workloads = new ArrayList<>();
        List<List<Call>> histories;
        try (Environment environment = Environment.builder()
                .memoryBytes(memory)
                .backgroundThreads(1 + random.nextInt(2))
                .build()) {
            for (int i = 0; i < stores; i++) {
                workloads.add(new ConcurrentWorkload(
                        new Random(random.nextLong()), figures, environment, memory, stores > 1));
            }
            histories = runAll(workloads);
        } catch (InterruptedException | ExecutionException e) {
            throw new AssertionError(e);
        }
        figures.add("runs with " + stores + " stores", 1);
        long answers = 0;
        for (int i = 0; i < stores; i++) {
            answers += workloads.get(i).check(histories.get(i));
        }
        return answers;
    }

    private static List<List<Call>> runAll(List<ConcurrentWorkload> workloads)
            throws InterruptedException, ExecutionException {
        List<List<Call>> histories = new ArrayList<>();
        ExecutorService threads = Executors.newFixedThreadPool(workloads.size());
        try {
            List<Future<List<Call>>> running = new ArrayList<>();
            for (ConcurrentWorkload workload : workloads) {
                running.add(threads.submit(workload::run));
            }
            for (Future<List<Call>> each : running) {
                histories.add(each.get());
            }
        } finally {
            threads.shutdown();
        }
        return histories;
    }

    private long check(List<Call> history) {
        figures.add("calls", history.size());
        figures.add("writes", history.stream().filter(call -> !call.isRead()).count());
        figures.add("stores that ended " + ending, 1);
        if (Checker.check(history, State.EMPTY) != null) {
            throw new AssertionError(HistoryReducer.reduce(history));
        }
        figures.add("answers checked", answers.get());
        return answers.get();
    }

    private List<Call> run() throws InterruptedException, ExecutionException {
        List<Callable<Void>> work = new ArrayList<>();
        for (int i = 0; i < READERS; i++) {
            Reader reader = new Reader(this, recorder.newThread(), new Random(random.nextLong()));
            work.add(() -> {
                reader.run();
                return null;
            });
        }
        for (int i = 0; i < writers; i++) {
            Writer writer = new Writer(this, recorder.newThread(), new Random(random.nextLong()));
            work.add(() -> {
                try {
                    writer.run();
                } finally {
                    if (writersLeft.decrementAndGet() == 0) {
                        end();
                    }
                }
                return null;
            });
        }
        ExecutorService threads = Executors.newFixedThreadPool(work.size());
        try {
            List<Future<Void>> all = new ArrayList<>();
            for (Callable<Void> each : work) {
                all.add(threads.submit(() -> {
                    try {
                        return each.call();
                    } catch (Throwable e) {
                        stopped = true;
                        throw e;
                    }
                }));
            }
            for (Future<Void> each : all) {
                each.get();
            }
        } finally {
            stopped = true;
            threads.shutdown();
            close();
        }
        return recorder.history();
    }

    private void close() {
        Snapshot left = exposed.getAndSet(null);
        if (left != null) {
            left.close();
        }
        store.close();
    }

    /** The last writer has written all; the readers go on. */
    private void end() {
        switch (ending) {
            case CLOSED -> {
                ends = true;
                store.close();
            }
            case DISCARDED -> {
                ends = true;
                store.discard();
            }
            case QUIET -> stopped = true;
        }
    }

    /** The store is closed, or about to be: who reads may be told so. */
    boolean isEnding() {
        return ends;
    }

    /** Readers go on for as long as somebody writes, or until they are told that the store is closed. */
    boolean isOver() {
        return stopped;
    }

    /** Writers end early when there is enough to check. */
    boolean isEnough() {
        return stopped || answers.get() > MOST_ANSWERS;
    }

    void answered(String how, int count) {
        answers.addAndGet(count);
        figures.add(how, count);
    }
}
