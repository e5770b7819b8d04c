package io.forebay.store.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Who gets in when. */
class WriterGateTest {
    private final WriterGate gate = new WriterGate(false);
    /** Guarded by the gate, and by nothing else. */
    private int counter;

    @Test
    void aSecondWriterIsToldSo() {
        gate.enterWriter();
        assertThatThrownBy(gate::enterWriter)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(Thread.currentThread().getName());
        assertThat(gate.tryEnterOther()).isFalse();
        gate.leave();
        gate.enterWriter();
        gate.leave();
    }

    @Test
    void aWriterWaitsForOthers() throws Exception {
        gate.enterOther();
        ExecutorService thread = Executors.newSingleThreadExecutor();
        CountDownLatch started = new CountDownLatch(1);
        Future<?> writer = thread.submit(() -> {
            started.countDown();
            gate.enterWriter();
            gate.leave();
        });
        started.await();
        assertThat(writer.isDone()).isFalse();
        gate.leave();
        writer.get(1, TimeUnit.MINUTES);
        thread.shutdown();
    }

    @Test
    void onlyOneIsInside() throws Exception {
        int others = 3;
        int rounds = 20_000;
        ExecutorService threads = Executors.newFixedThreadPool(others + 1);
        Future<?> writer = threads.submit(() -> {
            for (int i = 0; i < rounds; i++) {
                gate.enterWriter();
                counter++;
                gate.leave();
            }
        });
        Future<?>[] running = new Future<?>[others];
        for (int t = 0; t < others; t++) {
            running[t] = threads.submit(() -> {
                for (int i = 0; i < rounds; i++) {
                    gate.enterOther();
                    counter++;
                    gate.leave();
                }
            });
        }
        writer.get(1, TimeUnit.MINUTES);
        for (Future<?> other : running) {
            other.get(1, TimeUnit.MINUTES);
        }
        threads.shutdown();
        assertThat(counter).isEqualTo((others + 1) * rounds);
    }

    @Test
    void writersThatTakeTurnsWaitForEachOther() throws Exception {
        WriterGate shared = new WriterGate(true);
        int[] inside = new int[1];
        Thread[] writers = new Thread[4];
        for (int i = 0; i < writers.length; i++) {
            writers[i] = new Thread(() -> {
                for (int n = 0; n < 1000; n++) {
                    shared.enterWriter();
                    inside[0]++;
                    shared.leave();
                }
            });
            writers[i].start();
        }
        for (Thread writer : writers) {
            writer.join();
        }
        assertThat(inside[0]).isEqualTo(4000);
    }
}
