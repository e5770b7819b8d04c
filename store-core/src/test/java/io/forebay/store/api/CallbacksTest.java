package io.forebay.store.api;

import static io.forebay.store.testing.TestThreads.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.Checkpoint;
import io.forebay.store.Durability;
import io.forebay.store.Environment;
import io.forebay.store.KeyProvider;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.SlabAllocator;
import io.forebay.store.Snapshot;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.Figures;
import io.forebay.store.testing.ForwardingExecutor;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.SteppedEnvironment;
import io.forebay.store.testing.SteppedExecutor;
import io.forebay.store.testing.TestKeys;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Each callback does what it should not: calls every method of its store, throws, blocks, is interrupted. */
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CallbacksTest {
    private static final byte[] A = bytes("a");
    private static final byte[] NONE = {};

    /** The methods of a store that a callback may think of. */
    private static final Map<String, BiConsumer<Environment, Store>> CALLS = new LinkedHashMap<>();

    static {
        CALLS.put("get", (environment, store) -> store.get(A));
        CALLS.put("multiGet", (environment, store) -> store.multiGet(List.of(A, bytes("b"))));
        CALLS.put("iterator", (environment, store) -> {
            try (StoreIterator iterator = store.iterator(KeyRange.all())) {
                iterator.seekToFirst();
            }
        });
        CALLS.put("snapshot", (environment, store) -> store.snapshot().close());
        CALLS.put("checkpoint", (environment, store) -> store.checkpoint(NONE).close());
        CALLS.put("statistics", (environment, store) -> store.statistics());
        CALLS.put("verify", (environment, store) -> store.verify());
        CALLS.put("commit", (environment, store) -> store.commit(NONE));
        CALLS.put("commitDurably", (environment, store) -> store.commitDurably(new byte[] {9}));
        CALLS.put("flush", (environment, store) -> store.flush());
        CALLS.put("compact", (environment, store) -> store.compact());
        CALLS.put("resume", (environment, store) -> store.resume());
        CALLS.put("put", (environment, store) -> store.put(bytes("z"), A));
        CALLS.put("ingest", (environment, store) -> {
            try (SortedIngest ingest = store.ingest()) {
                ingest.add(bytes("i"), A);
                ingest.finish();
            }
        });
        CALLS.put("discard", (environment, store) -> store.discard());
        CALLS.put("close", (environment, store) -> store.close());
        CALLS.put("close of the environment", (environment, store) -> environment.close());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    // ---- completion

    /** So that what hangs on a completion is there before it, and not run by the thread that asks for it too late. */
    private static StoreOptions flushesWaitFor(CountDownLatch held) {
        return StoreOptions.builder()
                .compactionFilter((key, keyLength, value, valueLength) -> {
                    await(held);
                    return false;
                })
                .build();
    }

    /** All of them work in the completion of a checkpoint: with one background thread, which none may keep. */
    @Test
    void aCompletionMayCallEverything() throws Exception {
        for (Map.Entry<String, BiConsumer<Environment, Store>> call : CALLS.entrySet()) {
            Environment environment = environment(1);
            CountDownLatch held = new CountDownLatch(1);
            Store store = environment.open(new CrashFileStore(), flushesWaitFor(held));
            store.put(A, A);
            CompletableFuture<Void> done = store.checkpoint(NONE)
                    .completion()
                    .thenRun(() -> call.getValue().accept(environment, store));
            held.countDown();
            assertThat(done.handle((ignored, failure) -> failure).get(120, TimeUnit.SECONDS))
                    .as(call.getKey())
                    .isNull();
            environment.close();
        }
    }

    /** One that waits for another one keeps nothing from it. */
    @Test
    void aCompletionMayWaitForAnother() throws Exception {
        try (Environment environment = environment(1)) {
            CountDownLatch held = new CountDownLatch(1);
            Store store = environment.open(new CrashFileStore(), flushesWaitFor(held));
            store.put(A, A);
            CompletableFuture<Void> first = store.checkpoint(NONE).completion().thenRun(() -> {
                store.put(bytes("b"), A);
                store.checkpoint(NONE).completion().join();
            });
            held.countDown();
            first.get(120, TimeUnit.SECONDS);
        }
    }

    /** It fails, and is told, when the store is closed, also by what a discard or a failure does. */
    @Test
    void aCompletionIsToldOfTheEnd() throws Exception {
        for (boolean discard : new boolean[] {false, true}) {
            Environment environment = environment(1);
            Store store = environment.open(new CrashFileStore(), StoreOptions.defaults());
            store.put(A, A);
            CountDownLatch held = new CountDownLatch(1);
            CountDownLatch reached = new CountDownLatch(1);
            occupyTheOnlyThread(environment, reached, held);
            reached.await();
            CompletableFuture<Throwable> told = store.checkpoint(NONE)
                    .completion()
                    .handle((ignored, failure) -> {
                        assertThatThrownBy(() -> store.put(A, A)).isInstanceOf(StoreClosedException.class);
                        store.close();
                        environment.close();
                        return failure;
                    });
            if (discard) {
                store.discard();
            } else {
                store.close();
            }
            held.countDown();
            assertThat(told.get(120, TimeUnit.SECONDS)).isInstanceOf(StoreClosedException.class);
            environment.close();
        }
    }

    private static void occupyTheOnlyThread(Environment environment, CountDownLatch reached, CountDownLatch held) {
        Store other = environment.open(
                new CrashFileStore(),
                StoreOptions.builder()
                        .compactionFilter((key, keyLength, value, valueLength) -> {
                            reached.countDown();
                            await(held);
                            return false;
                        })
                        .build());
        other.put(A, A);
        other.checkpoint(NONE);
    }

    // ---- merge function, filter, allocator, key provider

    /** Runs a call the first time it is asked to, and keeps what came of it. */
    private static final class Probe {
        private final BiConsumer<Environment, Store> call;
        private final AtomicBoolean begun = new AtomicBoolean();
        volatile Environment environment;
        volatile Store store;
        volatile boolean armed;
        /** The call has come to an end. */
        volatile boolean asked;

        volatile Throwable failure;

        Probe(BiConsumer<Environment, Store> call) {
            this.call = call;
        }

        void run() {
            if (armed && begun.compareAndSet(false, true)) {
                try {
                    call.accept(environment, store);
                } catch (Throwable e) {
                    failure = e;
                }
                asked = true;
            }
        }
    }

    /** Works, or says why not; and the store is as good as before unless the call has closed it. */
    private static void check(String where, Probe probe, CrashFileStore disk, StoreOptions options) {
        assertThat(probe.asked).as(where).isTrue();
        if (probe.failure != null) {
            assertThat(probe.failure)
                    .as(where)
                    .isInstanceOfAny(IllegalStateException.class, StoreException.class)
                    .hasMessageMatching(
                            "(?s).*(was called by|at the same time|is just being opened|closed|open ingest).*");
        }
        try {
            probe.store.put(bytes("after"), A);
            probe.store.commitDurably(new byte[] {7});
        } catch (StoreClosedException e) {
            assertThat(where).matches(".*(close|discard|close of the environment)");
        }
        probe.environment.close();
        try (Environment again = environment(2);
                Store reopened = again.open(disk, options)) {
            assertThat(reopened.verify().isClean()).as(where).isTrue();
        }
    }

    private static MergeFunction merging(Probe probe) {
        return new MergeFunction() {
            @Override
            public String name() {
                return "probe";
            }

            @Override
            public byte[] merge(byte[] key, List<byte[]> values) {
                probe.run();
                return values.get(values.size() - 1);
            }
        };
    }

    @Test
    void aMergeFunctionInAWrite() {
        for (Durability durability : new Durability[] {Durability.NONE, Durability.BUFFERED}) {
            for (Map.Entry<String, BiConsumer<Environment, Store>> call : CALLS.entrySet()) {
                Probe probe = new Probe(call.getValue());
                CrashFileStore disk = new CrashFileStore();
                StoreOptions options = StoreOptions.builder()
                        .mergeFunction(merging(probe))
                        .durability(durability)
                        .build();
                open(probe, disk, options);
                probe.store.merge(A, bytes("1"));
                probe.armed = true;
                for (int i = 0; i < 20 && !probe.asked; i++) {
                    probe.store.merge(A, bytes("2"));
                }
                check("merge in a write, " + durability + ": " + call.getKey(), probe, disk, options);
            }
        }
    }

    @Test
    void aMergeFunctionInARead() {
        for (Map.Entry<String, BiConsumer<Environment, Store>> call : CALLS.entrySet()) {
            for (boolean iterating : new boolean[] {false, true}) {
                Probe probe = new Probe(call.getValue());
                CrashFileStore disk = new CrashFileStore();
                StoreOptions options =
                        StoreOptions.builder().mergeFunction(merging(probe)).build();
                open(probe, disk, options);
                probe.store.put(A, bytes("0"));
                Snapshot between = probe.store.snapshot();
                probe.store.merge(A, bytes("1"));
                probe.armed = true;
                if (iterating) {
                    StoreIterator iterator = probe.store.iterator(KeyRange.all());
                    iterator.seekToFirst();
                    iterator.close();
                } else {
                    assertThat(probe.store.get(A)).isEqualTo(bytes("1"));
                }
                between.close();
                assertThat(probe.failure).as(call.getKey()).isNull();
                check("merge in a read: " + call.getKey(), probe, disk, options);
            }
        }
    }

    @Test
    void aFilterInAFlush() {
        for (int threads : new int[] {1, 2}) {
            for (Map.Entry<String, BiConsumer<Environment, Store>> call : CALLS.entrySet()) {
                Probe probe = new Probe(call.getValue());
                CrashFileStore disk = new CrashFileStore();
                StoreOptions options = StoreOptions.builder()
                        .compactionFilter((key, keyLength, value, valueLength) -> {
                            probe.run();
                            return false;
                        })
                        .build();
                open(probe, disk, options, threads);
                probe.store.put(A, A);
                probe.armed = true;
                probe.store.checkpoint(NONE).completion().join();
                check("filter in a flush, threads " + threads + ": " + call.getKey(), probe, disk, options);
            }
        }
    }

    @Test
    void aKeyProviderThatCallsBack() {
        for (Map.Entry<String, BiConsumer<Environment, Store>> call : CALLS.entrySet()) {
            Probe probe = new Probe(call.getValue());
            CrashFileStore disk = new CrashFileStore();
            KeyProvider keys = TestKeys.provider("one");
            KeyProvider calling = new KeyProvider() {
                @Override
                public String currentKeyId() {
                    return keys.currentKeyId();
                }

                @Override
                public WrappedKey wrap(byte[] dataKey)
                        throws java.io.IOException, java.security.GeneralSecurityException {
                    probe.run();
                    return keys.wrap(dataKey);
                }

                @Override
                public byte[] unwrap(String keyId, byte[] wrapped)
                        throws java.io.IOException, java.security.GeneralSecurityException {
                    probe.run();
                    return keys.unwrap(keyId, wrapped);
                }
            };
            StoreOptions options = StoreOptions.builder().encryption(calling).build();
            open(probe, disk, options);
            probe.store.put(A, A);
            probe.armed = true;
            probe.store.checkpoint(NONE).completion().join();
            check("key provider: " + call.getKey(), probe, disk, options);
        }
    }

    @Test
    void anAllocatorThatCallsBack() {
        for (Map.Entry<String, BiConsumer<Environment, Store>> call : CALLS.entrySet()) {
            if (call.getKey().equals("put") || call.getKey().equals("commit")) {
                continue; // as a second writer inside of a write
            }
            Probe probe = new Probe(call.getValue());
            CrashFileStore disk = new CrashFileStore();
            HeapSlabs slabs = new HeapSlabs();
            probe.environment = Environment.builder()
                    .memoryBytes(8 << 20)
                    .allocator(new SlabAllocator() {
                        @Override
                        public ByteBuffer allocate(int bytes) {
                            probe.run();
                            return slabs.allocate(bytes);
                        }

                        @Override
                        public void release(ByteBuffer buffer) {
                            slabs.release(buffer);
                        }
                    })
                    .build();
            StoreOptions options = StoreOptions.defaults();
            probe.store = probe.environment.open(disk, options);
            probe.armed = true;
            for (int i = 0; i < 200; i++) {
                probe.store.put(bytes("k" + i), new byte[1000]);
            }
            check("allocator: " + call.getKey(), probe, disk, options);
            assertThat(slabs.outstanding()).isZero();
        }
        Figures figures = new Figures(CallbacksTest.class);
        figures.add("calls", CALLS.size());
        figures.write();
    }

    private static void open(Probe probe, CrashFileStore disk, StoreOptions options) {
        open(probe, disk, options, 2);
    }

    private static void open(Probe probe, CrashFileStore disk, StoreOptions options, int threads) {
        probe.environment = environment(threads);
        probe.store = probe.environment.open(disk, options);
    }

    private static Environment environment(int threads) {
        return Environment.builder()
                .memoryBytes(8 << 20)
                .backgroundThreads(threads)
                .allocator(new HeapSlabs())
                .build();
    }

    // ---- what throws

    /** A flush that a callback ends with whatever it throws stops writes by name, and goes on when it is asked to. */
    @Test
    void whatAFilterThrowsIsNoLostCommit() {
        for (Throwable thrown : List.of(
                new IllegalArgumentException("thrown"),
                new AssertionError("thrown"),
                new StackOverflowError("thrown"),
                new OutOfMemoryError("thrown"),
                new java.util.concurrent.CancellationException("thrown"))) {
            AtomicReference<Throwable> next = new AtomicReference<>(thrown);
            CrashFileStore disk = new CrashFileStore();
            StoreOptions options = StoreOptions.builder()
                    .compactionFilter((key, keyLength, value, valueLength) -> {
                        Throwable failure = next.get();
                        if (failure instanceof Error e) {
                            throw e;
                        }
                        if (failure != null) {
                            throw (RuntimeException) failure;
                        }
                        return false;
                    })
                    .build();
            try (Environment environment = environment(2)) {
                Store store = environment.open(disk, options);
                store.put(A, A);
                assertThatThrownBy(() -> store.commitDurably(new byte[] {1}))
                        .isInstanceOf(ReadOnlyStoreException.class)
                        .hasMessageContaining("thrown");
                assertThat(store.get(A)).isEqualTo(A);
                next.set(null);
                store.resume();
                store.flush();
                store.commitDurably(new byte[] {2});
                assertThat(store.durablePayload()).containsExactly(2);
            }
        }
    }

    /** An executor that takes no work stops writes by name; nothing waits for what will not come. */
    @Test
    void anExecutorThatRefuses() {
        ManualClock clock = new ManualClock();
        boolean[] refusing = new boolean[1];
        SteppedExecutor stepped = new SteppedExecutor(clock);
        BackgroundExecutor executor = new ForwardingExecutor(stepped) {
            @Override
            public void execute(Kind kind, Runnable work) {
                if (refusing[0] && kind != Kind.CALLBACK) {
                    throw new java.util.concurrent.RejectedExecutionException("no more work");
                }
                super.execute(kind, work);
            }
        };
        try (Environment environment = Environment.builder()
                .clock(clock)
                .executor(executor)
                .allocator(new HeapSlabs())
                .build()) {
            Store store = environment.open(new CrashFileStore(), StoreOptions.defaults());
            store.put(A, A);
            refusing[0] = true;
            Checkpoint checkpoint = store.checkpoint(NONE);
            assertThat(checkpoint.completion()).isCompletedExceptionally();
            assertThatThrownBy(() -> store.put(A, A))
                    .isInstanceOf(ReadOnlyStoreException.class)
                    .hasMessageContaining("no more work");
            refusing[0] = false;
            store.resume();
            store.put(bytes("b"), A);
            store.commitDurably(new byte[] {1});
        }
    }

    // ---- what blocks or is interrupted

    /** Flushes and compactions that a filter interrupts go on, and so does whatever comes next on their thread. */
    @Test
    void aFilterThatInterruptsABackgroundThread() {
        Thread caller = Thread.currentThread();
        StoreOptions options = StoreOptions.builder()
                .compactionFilter((key, keyLength, value, valueLength) -> {
                    if (Thread.currentThread() != caller) {
                        Thread.currentThread().interrupt();
                    }
                    return false;
                })
                .build();
        try (Environment environment = environment(1)) {
            Store store = environment.open(new CrashFileStore(), options);
            for (int i = 0; i < 20; i++) {
                store.put(bytes("k" + i), A);
                store.commitDurably(new byte[] {(byte) i});
            }
            store.compact();
            assertThat(store.verify().isClean()).isTrue();
        }
    }

    /** The compaction of a caller goes on as well, and the interrupt is the caller's to see. */
    @Test
    void aFilterThatInterruptsTheCaller() {
        boolean[] interrupting = new boolean[1];
        StoreOptions.Builder options = StoreOptions.builder().compactionFilter((key, keyLength, value, valueLength) -> {
            if (interrupting[0]) {
                Thread.currentThread().interrupt();
            }
            return false;
        });
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(new CrashFileStore(), options);
            for (int i = 0; i < 2; i++) {
                store.put(A, bytes("k" + i));
                store.flush();
            }
            interrupting[0] = true;
            store.compact();
            assertThat(Thread.interrupted()).isTrue();
            assertThat(store.statistics().sortedRuns()).isEqualTo(1);
            assertThat(store.verify().isClean()).isTrue();
        }
    }

    /** Threads of callbacks end with their environment. */
    @Test
    void noThreadIsLeftBehind() throws Exception {
        List<Thread> seen = new ArrayList<>();
        AtomicReference<CountDownLatch> held = new AtomicReference<>();
        Environment environment = environment(2);
        Store store = environment.open(
                new CrashFileStore(),
                StoreOptions.builder()
                        .compactionFilter((key, keyLength, value, valueLength) -> {
                            await(held.get());
                            return false;
                        })
                        .build());
        for (int i = 0; i < 5; i++) {
            held.set(new CountDownLatch(1));
            store.put(bytes("k" + i), A);
            CompletableFuture<Void> done =
                    store.checkpoint(NONE).completion().thenRun(() -> seen.add(Thread.currentThread()));
            held.get().countDown();
            done.get(120, TimeUnit.SECONDS);
        }
        environment.close();
        assertThat(seen).hasSize(5).doesNotContain(Thread.currentThread());
        for (Thread thread : seen) {
            thread.join(60_000);
        }
        assertThat(seen).noneMatch(Thread::isAlive);
    }
}
