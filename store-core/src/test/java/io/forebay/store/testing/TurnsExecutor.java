package io.forebay.store.testing;

import java.util.Comparator;
import java.util.PriorityQueue;

/** Background work on threads that take {@link Turns} with the others; each piece of work has a thread of its own. */
public final class TurnsExecutor implements StepwiseExecutor {
    /** A guard against somebody who waits for work that never comes. */
    private static final int MOST_PAUSES = 1_000_000;

    private final Turns turns;
    private final ManualClock clock;
    private final PriorityQueue<Alarm> alarms =
            new PriorityQueue<>(Comparator.comparingLong(Alarm::due).thenComparingLong(Alarm::number));
    private long number;
    private int unfinished;
    private int pauses;
    private boolean closed;

    private record Alarm(long due, long number, Runnable work) {}

    public TurnsExecutor(Turns turns, ManualClock clock) {
        this.turns = turns;
        this.clock = clock;
    }

    @Override
    public void execute(Kind kind, Runnable work) {
        start(kind.name(), work);
    }

    private void start(String name, Runnable work) {
        synchronized (this) {
            unfinished++;
        }
        turns.start(name, () -> {
            try {
                if (!isClosed()) {
                    work.run();
                }
            } finally {
                synchronized (this) {
                    unfinished--;
                    pauses = 0;
                }
            }
        });
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    @Override
    public synchronized Runnable schedule(long delayNanos, Runnable work) {
        Alarm alarm = new Alarm(clock.nanoTime() + delayNanos, number++, work);
        alarms.add(alarm);
        return () -> {
            synchronized (this) {
                alarms.remove(alarm);
            }
        };
    }

    private void startDue() {
        while (true) {
            Alarm first;
            synchronized (this) {
                first = alarms.peek();
                if (first == null || first.due > clock.nanoTime()) {
                    return;
                }
                alarms.poll();
            }
            start("alarm", first.work);
        }
    }

    @Override
    public boolean help() {
        startDue();
        synchronized (this) {
            if (++pauses > MOST_PAUSES) {
                throw new AssertionError("A thread waits for background work that does not come to an end");
            }
        }
        turns.pause();
        return true;
    }

    @Override
    public void drain() {
        startDue();
        while (!isIdle()) {
            help();
        }
    }

    @Override
    public synchronized boolean isIdle() {
        return unfinished == 0;
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true; // what has not started does nothing
            alarms.clear();
        }
        while (!isIdle()) {
            turns.pause();
        }
    }
}
