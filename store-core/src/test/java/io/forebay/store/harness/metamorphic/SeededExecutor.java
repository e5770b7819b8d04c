package io.forebay.store.harness.metamorphic;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.testing.ManualClock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;

/** Background work on the thread of the test, one piece at a time, in an order that a seed chooses. */
final class SeededExecutor implements BackgroundExecutor {
    private static final int MOST_STEPS = 100_000;

    private record Piece(String name, long due, Runnable work) {}

    private final ManualClock clock;
    private final Random random;
    private final Consumer<String> trace;
    private final List<Piece> ready = new ArrayList<>();
    private final List<Piece> alarms = new ArrayList<>();
    private final ArrayDeque<Runnable> callbacks = new ArrayDeque<>();
    private boolean running;
    private boolean pauses;

    /** @param trace is told the name of every piece of work that is about to run */
    SeededExecutor(ManualClock clock, Random random, Consumer<String> trace) {
        this.clock = clock;
        this.random = random;
        this.trace = trace;
    }

    @Override
    public void execute(Kind kind, Runnable work) {
        if (kind == Kind.CALLBACK) {
            if (running) {
                callbacks.add(work);
            } else {
                work.run();
            }
            return;
        }
        ready.add(new Piece(kind.name(), 0, work));
    }

    @Override
    public Runnable schedule(long delayNanos, Runnable work) {
        Piece alarm = new Piece("ALARM", clock.nanoTime() + delayNanos, work);
        alarms.add(alarm);
        return () -> alarms.removeIf(other -> other == alarm);
    }

    /** Runs one piece of work that is due. @return false when there is none */
    boolean step() {
        List<Piece> due =
                alarms.stream().filter(alarm -> alarm.due <= clock.nanoTime()).toList();
        int count = due.size() + ready.size();
        if (count == 0) {
            return false;
        }
        int chosen = random.nextInt(count);
        Piece piece;
        if (chosen < due.size()) {
            piece = due.get(chosen);
            alarms.removeIf(other -> other == piece);
        } else {
            piece = ready.remove(chosen - due.size());
        }
        trace.accept(piece.name);
        running = true;
        try {
            piece.work.run();
        } finally {
            running = false;
            for (Runnable callback; (callback = callbacks.poll()) != null; ) {
                callback.run();
            }
        }
        return true;
    }

    boolean isRunning() {
        return running;
    }

    void drain() {
        for (int steps = 0; step(); steps++) {
            if (steps > MOST_STEPS) {
                throw new AssertionError("Background work does not come to an end");
            }
        }
    }

    /** While true, whoever asks for help within running work only pauses, and is told that others do the work. */
    void allowPauses(boolean allowed) {
        pauses = allowed;
    }

    @Override
    public boolean help() {
        if (running && pauses) {
            return false;
        }
        if (running) {
            throw new AssertionError("Background work waits for background work");
        }
        if (!step()) {
            throw new AssertionError("A thread waits for background work, and there is none");
        }
        return true;
    }

    @Override
    public void close() {
        ready.clear();
        alarms.clear();
    }
}
