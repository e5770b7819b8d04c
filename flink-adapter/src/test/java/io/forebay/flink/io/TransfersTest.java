package io.forebay.flink.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class TransfersTest {
    @Test
    void resultsComeInTheOrderOfTheCopies() throws Exception {
        try (Transfers transfers = new Transfers(4)) {
            List<Callable<Integer>> copies = new ArrayList<>();
            List<Integer> expected = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                int number = i;
                copies.add(() -> number);
                expected.add(i);
            }
            assertThat(transfers.runAll(copies)).isEqualTo(expected);
            assertThat(transfers.<Integer>runAll(List.of())).isEmpty();
        }
    }

    @Test
    void asManyCopiesRunAtATimeAsThereAreThreads() throws Exception {
        try (Transfers transfers = new Transfers(3)) {
            CyclicBarrier three = new CyclicBarrier(3);
            Callable<Integer> copy = () -> three.await(120, TimeUnit.SECONDS);
            assertThat(transfers.runAll(List.of(copy, copy, copy))).containsExactlyInAnyOrder(0, 1, 2);
        }
    }

    /** As at the limit of processes of a container: the first helper can be had, no further one. */
    @Test
    void withoutMoreThreadsThoseThatThereAreCopyAll() throws Exception {
        AtomicInteger started = new AtomicInteger();
        // Not by an overridden Thread.start: the pools of later JDKs start their threads by another way.
        try (Transfers transfers = new Transfers(4, work -> {
            if (started.incrementAndGet() > 1) {
                throw new OutOfMemoryError("unable to create native thread, for a test");
            }
            return new Thread(work);
        })) {
            CyclicBarrier two = new CyclicBarrier(2);
            Callable<Integer> copy = () -> two.await(120, TimeUnit.SECONDS);
            assertThat(transfers.runAll(List.of(copy, copy, copy, copy))).containsExactlyInAnyOrder(0, 1, 0, 1);
            assertThat(started).hasValueGreaterThan(1);
        }
    }

    @Test
    void aCallerIsNotHeldUpByTheCopiesOfAnother() throws Exception {
        try (Transfers transfers = new Transfers(2)) {
            CountDownLatch running = new CountDownLatch(2);
            CountDownLatch release = new CountDownLatch(1);
            Callable<Integer> blocked = () -> {
                running.countDown();
                release.await();
                return 1;
            };
            Thread other = new Thread(() -> {
                try {
                    transfers.runAll(List.of(blocked, blocked, blocked));
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            });
            other.start();
            running.await();
            assertThat(transfers.runAll(List.<Callable<Integer>>of(() -> 1, () -> 2, () -> 3)))
                    .containsExactly(1, 2, 3);
            release.countDown();
            other.join();
        }
    }

    @Test
    void afterAFailureNoCopyStartsAndNoneRuns() {
        try (Transfers transfers = new Transfers(2)) {
            AtomicInteger running = new AtomicInteger();
            AtomicInteger started = new AtomicInteger();
            CountDownLatch bothRun = new CountDownLatch(2);
            AtomicReference<Thread> failed = new AtomicReference<>();
            List<Callable<Integer>> copies = new ArrayList<>();
            copies.add(() -> {
                bothRun.countDown();
                bothRun.await();
                failed.set(Thread.currentThread());
                throw new IOException("no space");
            });
            copies.add(() -> {
                running.incrementAndGet();
                bothRun.countDown();
                // Until the other thread has nothing left to do, which it only finds out by the failure.
                while (failed.get() == null || isAtWork(failed.get())) {
                    Thread.yield();
                }
                return running.decrementAndGet();
            });
            for (int i = 0; i < 1000; i++) {
                copies.add(started::incrementAndGet);
            }
            assertThatThrownBy(() -> transfers.runAll(copies))
                    .isInstanceOf(IOException.class)
                    .hasMessage("no space");
            assertThat(running).hasValue(0);
            assertThat(started).hasValue(0);
        }
    }

    private static boolean isAtWork(Thread thread) {
        return switch (thread.getState()) {
            case NEW, RUNNABLE, BLOCKED -> true;
            case WAITING, TIMED_WAITING, TERMINATED -> false;
        };
    }

    @Test
    void copiesStillRunWhenTheThreadsAreGone() throws Exception {
        Transfers transfers = new Transfers(4);
        transfers.close();
        assertThat(transfers.runAll(List.<Callable<Integer>>of(() -> 1, () -> 2)))
                .containsExactly(1, 2);
    }
}
