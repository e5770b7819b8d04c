package io.forebay.store.testing;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Background work that runs only when a test says so, on the thread of the test, in a fixed order. A thread that waits for
 * background work runs it itself; when there is none left, it would wait for ever, which is an error.
 */
public final class SteppedExecutor implements StepwiseExecutor {
    private final List<ArrayDeque<Runnable>> ready = new ArrayList<>();
    private final PriorityQueue<Alarm> alarms =
            new PriorityQueue<>(Comparator.comparingLong(Alarm::due).thenComparingLong(Alarm::number));
    private final ManualClock clock;
    /** What is completed right behind the piece of work that is under way. */
    private final ArrayDeque<Runnable> callbacks = new ArrayDeque<>();

    private long number;
    private int depth;

    private record Alarm(long due, long number, Runnable work) {}

    public SteppedExecutor(ManualClock clock) {
        this.clock = clock;
        for (int i = 0; i < Kind.values().length; i++) {
            ready.add(new ArrayDeque<>());
        }
    }

    @Override
    public void execute(Kind kind, Runnable work) {
        if (kind == Kind.CALLBACK) {
            if (depth == 0) {
                work.run(); // the test's thread has called the store, and holds nothing of it
            } else {
                callbacks.add(work);
            }
            return;
        }
        ready.get(kind.ordinal()).add(work);
    }

    @Override
    public Runnable schedule(long delayNanos, Runnable work) {
        Alarm alarm = new Alarm(clock.nanoTime() + delayNanos, number++, work);
        alarms.add(alarm);
        return () -> alarms.remove(alarm);
    }

    /** Runs one piece of work that is due. @return false when there is none */
    public boolean step() {
        Runnable work = next();
        if (work == null) {
            return false;
        }
        depth++;
        try {
            work.run();
        } finally {
            depth--;
            for (Runnable callback; depth == 0 && (callback = callbacks.poll()) != null; ) {
                callback.run();
            }
        }
        return true;
    }

    /** Runs work until none is due; fails when it never ends. */
    @Override
    public void drain() {
        for (int steps = 0; step(); steps++) {
            if (steps > 100_000) {
                throw new AssertionError("Background work does not come to an end");
            }
        }
    }

    @Override
    public boolean isIdle() {
        return ready.stream().allMatch(ArrayDeque::isEmpty);
    }

    /** How many alarms are set. */
    public int alarms() {
        return alarms.size();
    }

    @Override
    public boolean help() {
        if (depth > 0) {
            throw new AssertionError("Background work waits for background work");
        }
        if (!step()) {
            throw new AssertionError("A thread waits for background work, and there is none");
        }
        return true;
    }

    @Override
    public void close() {
        ready.forEach(ArrayDeque::clear);
        alarms.clear();
    }

    private Runnable next() {
        Alarm first = alarms.peek();
        if (first != null && first.due() <= clock.nanoTime()) {
            return alarms.poll().work();
        }
        for (ArrayDeque<Runnable> queue : ready) {
            if (!queue.isEmpty()) {
                return queue.poll();
            }
        }
        return null;
    }
}
