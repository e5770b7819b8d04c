package io.forebay.store.testing.interleave;

import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** One run of two threads, of which one goes on at a time. */
final class Schedule {
    /** Which thread goes on. */
    interface Chooser {
        /** Called at every step, while no thread runs. @return null when the rest of the run is of no interest */
        ControlledThread choose(Schedule schedule);
    }

    private static final class Hold {
        ControlledThread holder;
        int depth;
        /** Last step of each thread before it left. */
        final int[] left = {-1, -1};
    }

    private final ControlledThread[] threads;
    private final Chooser chooser;
    private final CountDownLatch over = new CountDownLatch(2);
    private final Map<Object, Hold> monitors = new IdentityHashMap<>();
    /** Steps so far. */
    private int steps;
    /** By thread, the step of its last write, and what it was. */
    private final int[] lastWrite = {-1, -1};

    private volatile boolean free;
    private volatile Throwable failure;

    Schedule(Chooser chooser, Runnable first, Runnable second) {
        this.chooser = chooser;
        threads = new ControlledThread[] {
            new ControlledThread(0, this, first), new ControlledThread(1, this, second),
        };
    }

    /** Runs both to their ends. @return false when the run was given up */
    boolean run() {
        for (ControlledThread thread : threads) {
            thread.start();
        }
        goOn(null);
        try {
            if (!over.await(120, TimeUnit.SECONDS)) {
                throw new AssertionError("Threads do not come to an end: " + describeThreads());
            }
        } catch (InterruptedException e) {
            throw new AssertionError("Interrupted", e);
        }
        if (failure != null) {
            throw new AssertionError(failure);
        }
        return !free;
    }

    boolean isFree() {
        return free;
    }

    ControlledThread thread(int id) {
        return threads[id];
    }

    ControlledThread other(ControlledThread thread) {
        return threads[1 - thread.id];
    }

    /** The threads that can do their next step, as bits. */
    int enabled() {
        int bits = 0;
        for (ControlledThread thread : threads) {
            if (!thread.ended && isEnabled(thread)) {
                bits |= thread.bit();
            }
        }
        return bits;
    }

    private boolean isEnabled(ControlledThread thread) {
        if (thread.next.isWait()) {
            return other(thread).ended || lastWrite[1 - thread.id] >= thread.waitingSince;
        }
        if (thread.next.isEnter()) {
            Hold hold = monitors.get(thread.next.place());
            return hold == null || hold.holder == null;
        }
        return true;
    }

    boolean isOver() {
        return threads[0].ended && threads[1].ended;
    }

    /** The last step of the other thread before it left the monitor that {@code thread} is about to enter; -1 for none. */
    int leftBefore(ControlledThread thread) {
        Hold hold = monitors.get(thread.next.place());
        return hold == null ? -1 : hold.left[1 - thread.id];
    }

    // ---- called by the thread whose turn it is

    void reach(Access next) {
        ControlledThread thread = (ControlledThread) Thread.currentThread();
        if (next.isWait()) {
            thread.waitingSince = steps;
        }
        thread.next = next;
        goOn(thread);
    }

    void enter(Object monitor) {
        ControlledThread thread = (ControlledThread) Thread.currentThread();
        Hold hold = monitors.computeIfAbsent(monitor, key -> new Hold());
        if (hold.holder != thread) {
            reach(Access.enter(monitor));
            if (free) {
                return;
            }
            hold.holder = thread;
        }
        hold.depth++;
    }

    void exit(Object monitor) {
        ControlledThread thread = (ControlledThread) Thread.currentThread();
        Hold hold = monitors.get(monitor);
        if (--hold.depth == 0) {
            hold.holder = null;
            hold.left[thread.id] = steps - 1;
        }
    }

    void ended(ControlledThread thread) {
        thread.ended = true;
        try {
            if (!free && !isOver()) {
                goOn(thread);
            }
        } finally {
            over.countDown();
        }
    }

    private void goOn(ControlledThread current) {
        ControlledThread chosen;
        try {
            chosen = chooser.choose(this);
        } catch (RuntimeException | Error e) {
            failure = e;
            chosen = null;
        }
        if (chosen == null) {
            free = true;
            for (ControlledThread thread : threads) {
                thread.giveTurn();
            }
            return;
        }
        if (chosen.next.isWrite()) {
            lastWrite[chosen.id] = steps;
        }
        steps++;
        if (chosen != current) {
            chosen.giveTurn();
            if (current != null && !current.ended) {
                current.awaitTurn();
            }
        }
    }

    String describeThreads() {
        StringBuilder text = new StringBuilder();
        for (ControlledThread thread : threads) {
            text.append('\n').append(thread.getName()).append(thread.ended ? " ended" : " before " + thread.next);
            for (StackTraceElement frame : thread.getStackTrace()) {
                text.append("\n    ").append(frame);
            }
        }
        return text.append('\n').append(Arrays.toString(lastWrite)).toString();
    }
}
