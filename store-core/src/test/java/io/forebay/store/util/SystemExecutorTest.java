package io.forebay.store.util;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.BackgroundExecutor.Kind;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class SystemExecutorTest {
    private final List<String> ran = Collections.synchronizedList(new ArrayList<>());

    @Test
    void flushesComeBeforeCleanupsBeforeCompactions() throws InterruptedException {
        try (SystemExecutor executor = new SystemExecutor(1, "test")) {
            CountDownLatch started = new CountDownLatch(1);
            CountDownLatch go = new CountDownLatch(1);
            CountDownLatch done = new CountDownLatch(4);
            executor.execute(Kind.CLEANUP, () -> {
                started.countDown();
                await(go);
            });
            await(started);
            executor.execute(Kind.CLEANUP, named("cleanup", done));
            executor.execute(Kind.COMPACTION, named("compaction", done));
            executor.execute(Kind.FLUSH, named("flush 1", done));
            executor.execute(Kind.FLUSH, named("flush 2", done));
            go.countDown();
            await(done);
            assertThat(ran).containsExactly("flush 1", "flush 2", "cleanup", "compaction");
        }
    }

    /** The handler throws what it was told of: the JVM has one error object for many ends of the heap. */
    @Test
    void aThreadOutlivesWhatItCannotReport() {
        AtomicInteger reported = new AtomicInteger();
        try (SystemExecutor executor = new SystemExecutor(1, "test", work -> {
            Thread thread = new Thread(work);
            thread.setUncaughtExceptionHandler((of, thrown) -> {
                reported.incrementAndGet();
                throw (OutOfMemoryError) thrown;
            });
            return thread;
        })) {
            executor.execute(Kind.FLUSH, () -> {
                throw new OutOfMemoryError("for a test");
            });
            CountDownLatch next = new CountDownLatch(1);
            executor.execute(Kind.FLUSH, next::countDown);
            await(next);
        }
        assertThat(reported).hasValue(1);
    }

    @Test
    void compactionsLeaveAThreadForFlushes() throws InterruptedException {
        try (SystemExecutor executor = new SystemExecutor(3, "test")) {
            CountDownLatch two = new CountDownLatch(2);
            CountDownLatch go = new CountDownLatch(1);
            AtomicInteger running = new AtomicInteger();
            AtomicInteger most = new AtomicInteger();
            CountDownLatch compacted = new CountDownLatch(6);
            for (int i = 0; i < 6; i++) {
                executor.execute(Kind.COMPACTION, () -> {
                    most.accumulateAndGet(running.incrementAndGet(), Math::max);
                    two.countDown();
                    await(go);
                    running.decrementAndGet();
                    compacted.countDown();
                });
            }
            await(two);
            CountDownLatch flushed = new CountDownLatch(2);
            executor.execute(Kind.FLUSH, named("flush", flushed));
            executor.execute(Kind.CLEANUP, named("cleanup", flushed));
            await(flushed);
            go.countDown();
            await(compacted);
            assertThat(most.get()).isEqualTo(2);
        }
    }

    @Test
    void delayedWorkRunsInOrderOfItsTimesAndNotBefore() throws InterruptedException {
        try (SystemExecutor executor = new SystemExecutor(1, "test")) {
            // The only thread is busy until everything is scheduled and some of it cancelled, however long that takes.
            CountDownLatch started = new CountDownLatch(1);
            CountDownLatch go = new CountDownLatch(1);
            executor.execute(Kind.FLUSH, () -> {
                started.countDown();
                await(go);
            });
            await(started);
            CountDownLatch done = new CountDownLatch(3);
            long begin = System.nanoTime();
            long[] ranAt = new long[1];
            executor.schedule(60_000_000, () -> {
                ranAt[0] = System.nanoTime();
                named("late", done).run();
            });
            executor.schedule(20_000_000, named("middle", done));
            executor.schedule(-1, named("now", done));
            Runnable cancel = executor.schedule(10_000_000, named("never", done));
            executor.schedule(Long.MAX_VALUE, named("end of time", done));
            cancel.run();
            go.countDown();
            await(done);
            assertThat(ran).containsExactly("now", "middle", "late");
            assertThat(ranAt[0] - begin).isGreaterThanOrEqualTo(60_000_000);
        }
    }

    @Test
    void manyTasksAllRunOnce() throws InterruptedException {
        try (SystemExecutor executor = new SystemExecutor(4, "test")) {
            int tasks = 10_000;
            AtomicInteger count = new AtomicInteger();
            CountDownLatch done = new CountDownLatch(tasks);
            for (int i = 0; i < tasks; i++) {
                executor.execute(Kind.values()[i % 3], () -> {
                    count.incrementAndGet();
                    done.countDown();
                });
            }
            await(done);
            assertThat(count.get()).isEqualTo(tasks);
        }
    }

    @Test
    void aSyncTakesNoThreadFromFlushes() throws InterruptedException {
        try (SystemExecutor executor = new SystemExecutor(1, "test")) {
            CountDownLatch flushed = new CountDownLatch(1);
            CountDownLatch synced = new CountDownLatch(2);
            executor.execute(Kind.SYNC, () -> {
                await(flushed);
                named("sync", synced).run();
            });
            executor.execute(Kind.FLUSH, named("flush", flushed));
            executor.execute(Kind.SYNC, named("next sync", synced));
            await(synced);
            assertThat(ran).containsExactly("flush", "sync", "next sync");
        }
    }

    @Test
    void closeWaitsForTheSyncThatRunsAndDropsTheRest() throws InterruptedException {
        SystemExecutor executor = new SystemExecutor(1, "test");
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        executor.execute(Kind.SYNC, () -> {
            started.countDown();
            await(go);
            ran.add("running");
        });
        await(started);
        executor.execute(Kind.SYNC, () -> ran.add("waiting"));
        Thread closer = new Thread(executor::close);
        closer.start();
        while (closer.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        go.countDown();
        closer.join();
        executor.execute(Kind.SYNC, () -> ran.add("after close"));
        assertThat(ran).containsExactly("running");
    }

    @Test
    void closeWaitsForWhatRunsAndDropsTheRest() throws InterruptedException {
        SystemExecutor executor = new SystemExecutor(1, "test");
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        executor.execute(Kind.FLUSH, () -> {
            started.countDown();
            await(go);
            ran.add("running");
        });
        await(started);
        executor.execute(Kind.FLUSH, () -> ran.add("waiting"));
        executor.schedule(0, () -> ran.add("delayed"));
        Thread closer = new Thread(executor::close);
        closer.start();
        while (closer.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        go.countDown();
        closer.join();
        executor.execute(Kind.FLUSH, () -> ran.add("after close"));
        executor.schedule(0, () -> ran.add("after close")).run();
        executor.close();
        assertThat(ran).containsExactly("running");
        assertThat(executor.help()).isFalse();
    }

    @Test
    void closeByItsOwnWorkDoesNotWaitForItself() throws InterruptedException {
        SystemExecutor executor = new SystemExecutor(2, "test");
        CountDownLatch done = new CountDownLatch(1);
        executor.execute(Kind.CLEANUP, () -> {
            executor.close();
            done.countDown();
        });
        await(done);
        executor.close();
    }

    @Test
    void aThreadOutlivesWorkThatThrowsAndAnInterrupt() throws InterruptedException {
        try (SystemExecutor executor = new SystemExecutor(1, "test")) {
            CountDownLatch reported = new CountDownLatch(1);
            CountDownLatch done = new CountDownLatch(1);
            executor.execute(Kind.FLUSH, () -> {
                Thread.currentThread().setUncaughtExceptionHandler((thread, e) -> {
                    ran.add(e.getMessage());
                    reported.countDown();
                });
                throw new IllegalStateException("broken work");
            });
            await(reported);
            executor.execute(Kind.FLUSH, () -> Thread.currentThread().interrupt());
            executor.execute(Kind.FLUSH, named("next", done));
            await(done);
            assertThat(ran).containsExactly("broken work", "next");
        }
    }

    @Test
    void threadsAreDaemonsAndNamed() throws InterruptedException {
        try (SystemExecutor executor = new SystemExecutor(1, "forebay-test")) {
            CountDownLatch done = new CountDownLatch(1);
            executor.execute(Kind.FLUSH, () -> {
                ran.add(Thread.currentThread().getName() + " "
                        + Thread.currentThread().isDaemon());
                done.countDown();
            });
            await(done);
            assertThat(ran).containsExactly("forebay-test-0 true");
        }
    }

    private Runnable named(String name, CountDownLatch done) {
        return () -> {
            ran.add(name);
            done.countDown();
        };
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
}
