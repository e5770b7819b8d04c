package io.forebay.store.util;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.BackgroundExecutor.Kind;
import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.HeapSlabs;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** For a while the system has no more threads, as at the limit of processes of a container. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ThreadShortageTest {
    private static final int ENOUGH = Integer.MAX_VALUE;

    /** So many more threads can be had. */
    private final AtomicInteger left = new AtomicInteger(ENOUGH);

    /** A thread that was to be kept has not been let go in time. */
    private volatile boolean gaveUp;

    private Thread thread(Runnable work) {
        return new Thread(work) {
            @Override
            public synchronized void start() {
                if (left.getAndUpdate(now -> now == 0 || now == ENOUGH ? now : now - 1) == 0) {
                    throw new OutOfMemoryError("unable to create native thread, for a test");
                }
                super.start();
            }
        };
    }

    private SystemExecutor executor(int threads) {
        return new SystemExecutor(threads, "test", this::thread);
    }

    private static void await(CountDownLatch latch) {
        try {
            if (!latch.await(120, TimeUnit.SECONDS)) {
                throw new AssertionError("nothing happened for 120 s");
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Keeps one thread until {@code go}. */
    private void occupy(SystemExecutor executor, Kind kind, CountDownLatch go) {
        CountDownLatch begun = new CountDownLatch(1);
        executor.execute(kind, () -> {
            begun.countDown();
            try {
                await(go);
            } catch (AssertionError e) {
                gaveUp = true;
                throw e;
            }
        });
        await(begun);
    }

    @Test
    void theThreadsThatRunDoAllWork() {
        try (SystemExecutor executor = executor(2)) {
            CountDownLatch go = new CountDownLatch(1);
            left.set(0);
            occupy(executor, Kind.COMPACTION, go);
            CountDownLatch done = new CountDownLatch(80);
            for (int i = 0; i < 20; i++) {
                executor.execute(Kind.FLUSH, done::countDown);
                executor.execute(Kind.CLEANUP, done::countDown);
                executor.execute(Kind.COMPACTION, done::countDown);
                executor.schedule(0, done::countDown);
            }
            go.countDown();
            await(done);
        }
    }

    @Test
    void thereAreMoreThreadsWhenTheyCanBeHadAgain() throws InterruptedException {
        try (SystemExecutor executor = executor(2)) {
            CountDownLatch go = new CountDownLatch(1);
            left.set(0);
            occupy(executor, Kind.FLUSH, go);
            CountDownLatch other = new CountDownLatch(1);
            executor.execute(Kind.FLUSH, other::countDown);
            left.set(ENOUGH);
            do {
                executor.execute(Kind.CLEANUP, () -> {});
            } while (!other.await(10, TimeUnit.MILLISECONDS));
            assertThat(gaveUp).isFalse(); // the other one did it
            go.countDown();
        }
    }

    @Test
    void compactionsLeaveOneOfTheThreadsThatRun() {
        left.set(2);
        try (SystemExecutor executor = executor(4)) {
            CountDownLatch go = new CountDownLatch(1);
            CountDownLatch flushed = new CountDownLatch(1);
            occupy(executor, Kind.FLUSH, flushed);
            occupy(executor, Kind.COMPACTION, go);
            executor.execute(Kind.FLUSH, () -> {}); // there is no third
            flushed.countDown();
            executor.execute(Kind.COMPACTION, () -> await(go));
            CountDownLatch free = new CountDownLatch(1);
            executor.schedule(100_000_000, free::countDown); // there was time to take the compaction
            await(free);
            CountDownLatch compacted = new CountDownLatch(1);
            executor.execute(Kind.COMPACTION, compacted::countDown);
            go.countDown();
            await(compacted);
        }
    }

    @Test
    void anExecutorWithoutAThreadIsNone() {
        left.set(0);
        assertThatThrownBy(() -> executor(1)).isInstanceOf(OutOfMemoryError.class);
    }

    @Test
    void aCallbackWaitsForAThreadOfItsOwn() throws Exception {
        try (SystemExecutor executor = executor(1)) {
            left.set(0);
            CompletableFuture<Thread> first = new CompletableFuture<>();
            CompletableFuture<Thread> second = new CompletableFuture<>();
            executor.execute(Kind.CALLBACK, () -> first.complete(Thread.currentThread()));
            executor.execute(Kind.CALLBACK, () -> second.complete(Thread.currentThread()));
            CompletableFuture<Thread> worker = new CompletableFuture<>();
            executor.schedule(250_000_000, () -> worker.complete(Thread.currentThread()));
            worker.get(120, TimeUnit.SECONDS);
            assertThat(first).isNotDone();
            assertThat(second).isNotDone();
            left.set(ENOUGH);
            assertThat(first.get(120, TimeUnit.SECONDS)).isNotIn(worker.get(), Thread.currentThread());
            assertThat(second.get(120, TimeUnit.SECONDS)).isNotIn(worker.get(), Thread.currentThread(), first.get());
        }
    }

    @Test
    void aCallbackThatStillWaitsAtTheCloseIsRunByIt() {
        AtomicReference<Thread> ranBy = new AtomicReference<>();
        SystemExecutor executor = executor(1);
        left.set(0);
        executor.execute(Kind.CALLBACK, () -> ranBy.set(Thread.currentThread()));
        assertThat(ranBy).hasNullValue();
        executor.close();
        assertThat(ranBy).hasValue(Thread.currentThread());
        ranBy.set(null);
        executor.execute(Kind.CALLBACK, () -> ranBy.set(Thread.currentThread()));
        assertThat(ranBy).hasValue(Thread.currentThread());
    }

    @Test
    void aThreadOutlivesAHandlerThatThrows() {
        try (SystemExecutor executor = executor(1)) {
            executor.execute(Kind.FLUSH, () -> {
                Thread.currentThread().setUncaughtExceptionHandler((thread, e) -> {
                    throw new IllegalStateException("broken handler");
                });
                throw new IllegalStateException("broken work");
            });
            CountDownLatch done = new CountDownLatch(1);
            executor.execute(Kind.FLUSH, done::countDown);
            await(done);
        }
    }

    /** Nothing is refused, and nothing hangs, during or after it; a completion may call the store. */
    @Test
    void storesGoOn() throws Exception {
        StoreOptions options = StoreOptions.builder().memtableBytes(16 << 10).build();
        for (int threads : new int[] {1, 2}) {
            try (Environment environment = Environment.builder()
                    .memoryBytes(8 << 20)
                    .allocator(new HeapSlabs())
                    .executor(executor(threads))
                    .build()) {
                left.set(0);
                Store store = environment.open(FileStores.inMemory(), options);
                write(store, 0);
                CompletableFuture<Void> completed =
                        store.checkpoint(new byte[] {1}).completion().thenRun(store::flush);
                write(store, 1);
                left.set(ENOUGH);
                completed.get(120, TimeUnit.SECONDS);
                write(store, 2);
                Store other = environment.open(FileStores.inMemory(), options);
                write(other, 3);
                assertThat(store.statistics().readOnlyCause()).isNull();
            }
        }
    }

    private static void write(Store store, int round) {
        for (int i = 0; i < 200; i++) {
            store.put((round + " " + i).getBytes(UTF_8), new byte[500]);
        }
        store.commitDurably(new byte[] {(byte) round});
        store.flush();
    }
}
