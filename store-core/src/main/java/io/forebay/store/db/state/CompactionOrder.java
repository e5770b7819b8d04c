package io.forebay.store.db.state;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.BackgroundExecutor.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntSupplier;

/**
 * The order in which compactions of the stores of an environment get a thread: first that of the store with the most sorted runs,
 * which is next to slow its writers; of stores with as many, the one that asked first. From time to time the one that has waited
 * longest comes first, so that a store that is not written to has its turn beside busy ones. Thread-safe.
 */
public final class CompactionOrder {
    /** One turn of so many goes to the one that has waited longest. */
    private static final int FAIR_TURN = 8;

    /** A store that has asked for a thread. */
    private record Candidate(IntSupplier sortedRuns, Runnable work) {}

    private final BackgroundExecutor executor;

    // Guarded by this
    private final List<Candidate> waiting = new ArrayList<>();
    private int turns;

    public CompactionOrder(BackgroundExecutor executor) {
        this.executor = executor;
    }

    /**
     * Runs {@code work} once, later. When this method throws, the executor has refused.
     *
     * <p>The lock is held around both steps: as many wait here as the executor has pieces of work.
     *
     * @param sortedRuns of the store; asked with a lock held, so it does not wait
     * @param work throws nothing
     */
    public synchronized void submit(IntSupplier sortedRuns, Runnable work) {
        waiting.add(new Candidate(sortedRuns, work));
        boolean accepted = false;
        try {
            executor.execute(Kind.COMPACTION, this::runNext);
            accepted = true;
        } finally {
            if (!accepted) {
                waiting.remove(waiting.size() - 1);
            }
        }
    }

    private void runNext() {
        Candidate next = take();
        if (next != null) {
            next.work.run();
        }
    }

    /**
     * Without an allocation: what stayed here after that would wait for ever.
     *
     * @return null when nothing waits, because an executor has refused work and run it all the same
     */
    private synchronized Candidate take() {
        if (waiting.isEmpty()) {
            return null;
        }
        int next = 0;
        if (++turns % FAIR_TURN != 0) {
            int most = waiting.get(0).sortedRuns.getAsInt();
            for (int i = 1; i < waiting.size(); i++) {
                int runs = waiting.get(i).sortedRuns.getAsInt();
                if (runs > most) {
                    most = runs;
                    next = i;
                }
            }
        }
        return waiting.remove(next);
    }
}
