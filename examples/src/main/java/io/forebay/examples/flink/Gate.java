package io.forebay.examples.flink;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Lets the demo stop the stream where it wants to. Past the limit events only drip, one a millisecond, so that checkpoint
 * barriers still pass. Static because the MiniCluster runs the job's functions in this JVM.
 */
final class Gate {
    private static final AtomicLong LIMIT = new AtomicLong();
    private static final AtomicLong REACHED = new AtomicLong();
    private static final AtomicLong FIRST_NANOS = new AtomicLong();
    private static final AtomicBoolean FAIL = new AtomicBoolean();

    private Gate() {}

    /** Called by the job for every event before it is processed. */
    static void pass(long index) throws InterruptedException {
        if (index >= LIMIT.get()) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
        if (index > REACHED.get()) {
            REACHED.set(index);
        }
    }

    /** Called by the keyed function for every event. */
    static void touch() {
        if (FIRST_NANOS.get() == 0) {
            FIRST_NANOS.compareAndSet(0, System.nanoTime());
        }
        if (FAIL.get() && FAIL.compareAndSet(true, false)) {
            throw new IllegalStateException("The demo fails this task on purpose");
        }
    }

    static void open(long limit) {
        LIMIT.set(limit);
    }

    /** Highest event index that any attempt has seen. */
    static long reached() {
        return REACHED.get();
    }

    static void failNextEvent() {
        FAIL.set(true);
    }

    static boolean hasFailed() {
        return !FAIL.get();
    }

    static void forgetFirst() {
        FIRST_NANOS.set(0);
    }

    /** When the keyed function saw its first event since {@link #forgetFirst}, 0 if it has not. */
    static long firstNanos() {
        return FIRST_NANOS.get();
    }
}
