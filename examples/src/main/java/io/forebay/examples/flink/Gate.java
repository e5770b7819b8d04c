package io.forebay.examples.flink;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Lets the demo stop the stream where it wants to: the source has nothing to give past the limit, while checkpoints go on.
 * Static because the MiniCluster runs the job's functions in this JVM.
 */
final class Gate {
    private static final AtomicLong REACHED = new AtomicLong(-1);
    private static final AtomicLong FIRST_NANOS = new AtomicLong();
    private static final AtomicBoolean FAIL = new AtomicBoolean();
    private static volatile int awaitedAttempt;
    private static long limit;
    private static CompletableFuture<Void> opened = new CompletableFuture<>();

    private Gate() {}

    /** Lets events with an index below {@code newLimit} pass. */
    static void open(long newLimit) {
        CompletableFuture<Void> waiting;
        synchronized (Gate.class) {
            limit = newLimit;
            waiting = opened;
            opened = new CompletableFuture<>();
        }
        waiting.complete(null);
    }

    /** Null when the source may give the event with this index, else completes when it may look again. */
    static synchronized CompletableFuture<Void> closed(long index) {
        return index < limit ? null : opened;
    }

    /** Called by the job for every event before it is processed. */
    static void pass(long index) {
        if (index > REACHED.get()) {
            REACHED.set(index);
        }
    }

    /** Called by the keyed function for every event, with the attempt of its task. */
    static void touch(int attempt) {
        if (FAIL.get() && FAIL.compareAndSet(true, false)) {
            // Other subtasks go on until they are cancelled; only the next attempt counts as recovered.
            awaitedAttempt = attempt + 1;
            FIRST_NANOS.set(0);
            throw new IllegalStateException("The demo fails this task on purpose");
        }
        if (FIRST_NANOS.get() == 0 && attempt >= awaitedAttempt) {
            FIRST_NANOS.compareAndSet(0, System.nanoTime());
        }
    }

    /** Highest event index that any attempt has seen, -1 before the first. */
    static long reached() {
        return REACHED.get();
    }

    static void failNextEvent() {
        FAIL.set(true);
    }

    static boolean hasFailed() {
        return !FAIL.get();
    }

    /** The next event of any attempt is a first one again. */
    static void forgetFirst() {
        awaitedAttempt = 0;
        FIRST_NANOS.set(0);
    }

    /** When the keyed function saw its first event since the failure or {@link #forgetFirst}, 0 if it has not. */
    static long firstNanos() {
        return FIRST_NANOS.get();
    }
}
