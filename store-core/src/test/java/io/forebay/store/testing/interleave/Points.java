package io.forebay.store.testing.interleave;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * What instrumented code calls before each step that another thread may notice. On threads that nobody controls it has no effect,
 * or, with noise, holds one up now and then: so other threads come in between where they hardly ever would.
 */
public final class Points {
    /** One point in so many holds its thread up; 0: none does. */
    private static volatile int noise;

    private Points() {}

    /** @param oneIn of so many points; 0 for none */
    public static void noise(int oneIn) {
        noise = oneIn;
    }

    /** @param place an interned name, here and in the next two */
    public static void read(String place) {
        Schedule schedule = schedule();
        if (schedule != null) {
            schedule.reach(Access.read(place));
        }
    }

    public static void write(String place) {
        Schedule schedule = schedule();
        if (schedule != null) {
            schedule.reach(Access.write(place));
        }
    }

    public static void add(String place) {
        Schedule schedule = schedule();
        if (schedule != null) {
            schedule.reach(Access.add(place));
        }
    }

    public static void memory(Object slab, int from, int bytes, boolean write) {
        Schedule schedule = schedule();
        if (schedule != null && bytes > 0) {
            schedule.reach(Access.memory(slab, from, bytes, write));
        }
    }

    /** Before a monitor is entered. */
    public static void enter(Object monitor) {
        Schedule schedule = schedule();
        if (schedule != null) {
            schedule.enter(monitor);
        }
    }

    /** Right before a monitor is left. */
    public static void exit(Object monitor) {
        Schedule schedule = schedule();
        if (schedule != null) {
            schedule.exit(monitor);
        }
    }

    /** In a loop that waits for what another thread does. */
    public static void await() {
        Schedule schedule = schedule();
        if (schedule != null) {
            schedule.reach(Access.WAIT);
        }
    }

    private static Schedule schedule() {
        if (Thread.currentThread() instanceof ControlledThread thread) {
            return thread.schedule().isFree() ? null : thread.schedule();
        }
        int oneIn = noise;
        if (oneIn > 0) {
            ThreadLocalRandom random = ThreadLocalRandom.current();
            if (random.nextInt(oneIn) == 0) {
                holdUp(random);
            }
        }
        return null;
    }

    private static void holdUp(ThreadLocalRandom random) {
        if (random.nextInt(4) > 0) {
            Thread.yield();
        } else {
            LockSupport.parkNanos(random.nextInt(1_000_000));
        }
    }
}
