package io.forebay.store.harness.burst;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.testing.ManualClock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Queue;

/**
 * Background threads whose time is simulated, with the rules of the real ones. A piece of work is done at once, on the thread of
 * the test; its thread is busy from then on for the time that the bytes take that the work has moved. One thread uses it.
 */
final class SimulatedThreads implements BackgroundExecutor {
    /** Work that moved bytes. Times in nanoseconds of the clock. */
    record Job(Kind kind, long from, long to) {}

    private static final long STEP_NANOS = 1_000_000;

    private record Alarm(long due, long number, Runnable work) {}

    private final ManualClock clock;
    private final CountedBytes bytes;
    private final double nanosPerByte;
    private final long[] freeAt;
    private final boolean[] merging;
    private final Map<Kind, Queue<Runnable>> ready = new EnumMap<>(Kind.class);
    private final PriorityQueue<Alarm> alarms =
            new PriorityQueue<>(Comparator.comparingLong(Alarm::due).thenComparingLong(Alarm::number));
    private final List<Runnable> callbacks = new ArrayList<>();
    private final List<Job> jobs = new ArrayList<>();
    private long number;
    private boolean running;

    SimulatedThreads(ManualClock clock, int threads, CountedBytes bytes, double nanosPerByte) {
        this.clock = clock;
        this.bytes = bytes;
        this.nanosPerByte = nanosPerByte;
        freeAt = new long[threads];
        merging = new boolean[threads];
        for (Kind kind : Kind.values()) {
            ready.put(kind, new ArrayDeque<>());
        }
    }

    /** All that ran so far and moved bytes, in the order of their starts. */
    List<Job> jobs() {
        return jobs;
    }

    @Override
    public void execute(Kind kind, Runnable work) {
        if (kind != Kind.CALLBACK) {
            ready.get(kind).add(work);
        } else if (running) {
            callbacks.add(work);
        } else {
            work.run();
        }
    }

    @Override
    public Runnable schedule(long delayNanos, Runnable work) {
        Alarm alarm = new Alarm(clock.nanoTime() + delayNanos, number++, work);
        alarms.add(alarm);
        return () -> alarms.remove(alarm);
    }

    /** Lets time pass. */
    void pass(long nanos) {
        long end = clock.nanoTime() + nanos;
        while (clock.nanoTime() < end) {
            step();
        }
    }

    private void step() {
        clock.advance(STEP_NANOS);
        long now = clock.nanoTime();
        while (!alarms.isEmpty() && alarms.peek().due <= now) {
            run(alarms.poll().work);
        }
        for (int thread = 0; thread < freeAt.length; thread++) {
            while (freeAt[thread] <= now && runNext(thread, now)) {}
        }
    }

    /** @return false when there is nothing for the thread */
    private boolean runNext(int thread, long now) {
        merging[thread] = false;
        Kind kind = !ready.get(Kind.FLUSH).isEmpty()
                ? Kind.FLUSH
                : !ready.get(Kind.CLEANUP).isEmpty() ? Kind.CLEANUP : Kind.COMPACTION;
        if (ready.get(kind).isEmpty() || kind == Kind.COMPACTION && !mayMerge()) {
            return false;
        }
        long before = bytes.total();
        run(ready.get(kind).poll());
        long moved = bytes.total() - before;
        if (moved > 0) {
            freeAt[thread] = now + (long) (moved * nanosPerByte);
            merging[thread] = kind == Kind.COMPACTION;
            jobs.add(new Job(kind, now, freeAt[thread]));
        }
        return true;
    }

    private boolean mayMerge() {
        int busy = 0;
        for (int thread = 0; thread < freeAt.length; thread++) {
            busy += merging[thread] && freeAt[thread] > clock.nanoTime() ? 1 : 0;
        }
        return busy < freeAt.length - 1;
    }

    private void run(Runnable work) {
        running = true;
        try {
            work.run();
        } finally {
            running = false;
            List<Runnable> due = List.copyOf(callbacks);
            callbacks.clear();
            due.forEach(Runnable::run);
        }
    }

    /** A writer waits: time passes. */
    @Override
    public boolean help() {
        if (running) {
            throw new AssertionError("Background work waits for background work");
        }
        step();
        return true;
    }

    @Override
    public void close() {
        ready.values().forEach(Queue::clear);
        alarms.clear();
    }
}
