package io.forebay.store;

/**
 * Runs the background work of all stores of an environment. Injected so that a test can step it by hand. Thread-safe.
 */
public interface BackgroundExecutor extends AutoCloseable {
    /** Flushes come before deletions, which take little time and give disk space back; deletions come before compactions. */
    enum Kind {
        FLUSH,
        COMPACTION,
        CLEANUP
    }

    /** Runs {@code work} once, some time, on some thread. {@code work} does not throw. */
    void execute(Kind kind, Runnable work);

    /** Runs {@code work} once, not before {@code delayNanos} have passed. @return cancels it if it has not started */
    Runnable schedule(long delayNanos, Runnable work);

    /**
     * Called by a thread that waits for background work: a stepped executor runs one piece on the caller's thread.
     *
     * @return false when the work is done by other threads, so that the caller should block
     */
    boolean help();

    /** Waits for running work and drops what has not started. Idempotent. */
    @Override
    void close();
}
