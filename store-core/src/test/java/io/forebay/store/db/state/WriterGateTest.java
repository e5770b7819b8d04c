package io.forebay.store.db.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.util.Callbacks;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who gets in when. */
@Timeout(300)
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

    /** The writer inside waits for background work, which may be what runs the callback. */
    @Test
    void aWriterInACallbackDoesNotWaitForOneThatWaits() {
        WriterGate turns = new WriterGate(true);
        turns.enterWriter();
        turns.waiting(true);
        Callbacks.enter("a test", null);
        try {
            assertThatThrownBy(turns::enterWriter)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("a test");
        } finally {
            Callbacks.leave();
        }
        turns.waiting(false);
        turns.leave();
        turns.enterWriter();
        turns.leave();
    }

    @Test
    void aWriterWaitsForOthers() throws Exception {
        gate.enterOther();
        AtomicReference<String> inside = new AtomicReference<>("the other");
        AtomicReference<String> seen = new AtomicReference<>();
        Thread writer = new Thread(() -> {
            gate.enterWriter();
            seen.set(inside.get());
            gate.leave();
        });
        writer.start();
        // One that waits parks, sooner or later; one that does not ends.
        while (writer.getState() != Thread.State.TIMED_WAITING && writer.isAlive()) {
            assertThat(Thread.interrupted()).as("out of time").isFalse();
            Thread.yield();
        }
        assertThat(seen).hasValue(null);
        inside.set("nobody");
        gate.leave();
        writer.join();
        assertThat(seen).hasValue("nobody");
    }

    /** Also one who is at the gate already when the writer begins to wait. */
    @Test
    void aReaderMayDoWithoutAGateWhoseWriterWaits() throws Exception {
        gate.enterWriter();
        AtomicReference<Boolean> entered = new AtomicReference<>();
        Thread reader = new Thread(() -> entered.set(gate.tryEnterReader()));
        reader.start();
        while (reader.getState() != Thread.State.TIMED_WAITING && reader.isAlive()) {
            assertThat(Thread.interrupted()).as("out of time").isFalse();
            Thread.yield();
        }
        assertThat(entered).hasValue(null);
        gate.waiting(true);
        reader.join();
        assertThat(entered).hasValue(false);
        gate.waiting(false);
        gate.leave();
        assertThat(gate.tryEnterReader()).isTrue();
        gate.leave();
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
        writer.get();
        for (Future<?> other : running) {
            other.get();
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
