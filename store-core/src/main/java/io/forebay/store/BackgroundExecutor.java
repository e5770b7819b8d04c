package io.forebay.store;

/**
 * Runs the background work of all stores of an environment. Injected so that a test can step it by hand. Thread-safe.
 */
public interface BackgroundExecutor extends AutoCloseable {
    /** Flushes come before deletions, which take little time and give disk space back; deletions come before compactions. */
    enum Kind {
        FLUSH,
        COMPACTION,
        CLEANUP,
        /**
         * The completion of a future, and with it what users hung on it: it may call any store, and wait there for work of all
         * other kinds and for other completions. So it must keep no thread from them; and it is run even when it is handed
         * over after {@link #close}, or still waits then.
         */
        CALLBACK
    }

    /**
     * Runs {@code work} once, some time, on some thread, never within this call. {@code work} does not throw. When this method
     * throws, the work counts as not handed over: a store whose flush is refused takes no writes until {@link Store#resume}.
     */
    void execute(Kind kind, Runnable work);

    /** Runs {@code work} once, not before {@code delayNanos} have passed. @return cancels it if it has not started */
    Runnable schedule(long delayNanos, Runnable work);

    /**
     * Called by a thread that waits for background work: a stepped executor runs one piece on the caller's thread.
     *
     * @return false when the work is done by other threads, so that the caller should block
     */
    boolean help();

    /** Waits for running work and drops what has not started; runs callbacks all the same. Idempotent. */
    @Override
    void close();
}
