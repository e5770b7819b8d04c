package io.forebay.store;

/**
 * Runs the background work of all stores of an environment. A caller can inject an executor of its own, for example a
 * test that steps the work by hand ({@link Environment.Builder#executor}); the environment closes it. Thread-safe. No
 * argument may be null.
 */
public interface BackgroundExecutor extends AutoCloseable {
    /**
     * What a piece of work is for. The order of urgency is: flushes, then deletions of files (they take little time and
     * give disk space back), then compactions.
     */
    enum Kind {
        /** Writes a memtable to files. */
        FLUSH,
        /** Merges, moves or drops files. */
        COMPACTION,
        /** Deletes a file that nobody needs. */
        CLEANUP,
        /**
         * The completion of a future, which runs the code that users attached to that future. Such code may call any
         * store, and may wait there for work of all other kinds and for other completions. So a callback must not
         * occupy a thread that other work needs. The executor also runs callbacks that are still queued at {@link
         * #close}, and those that are handed over later.
         */
        CALLBACK,
        /**
         * Makes durable what was written so far of a file that is still being written ({@link WritableFile#startSync}).
         * Waits for the device and uses little processor time, so it should not occupy a thread that flushes and
         * compactions need. It may be dropped, and counts for nothing once the file is complete.
         */
        SYNC
    }

    /**
     * Runs {@code work} once, at some later time, on some thread, never within this call. {@code work} does not throw.
     * When this method throws, the work was not accepted: a store whose flush is refused takes no writes until {@link
     * Store#resume}; a callback that is refused gets a thread of its own; without a sync the end of the file waits longer.
     */
    void execute(Kind kind, Runnable work);

    /**
     * Runs {@code work} once, not before {@code delayNanos} nanoseconds have passed, never within this call. {@code work} does
     * not throw. When this method throws, the work was not accepted: what the alarm was for may have to wait for the next
     * commit or flush, for {@link Store#resume}, or for a close. The log says so.
     *
     * @return an action that cancels the work if it has not started, and throws nothing
     */
    Runnable schedule(long delayNanos, Runnable work);

    /**
     * A thread that waits for background work calls this: a stepped executor runs one piece of work on the thread of
     * the caller.
     *
     * @return false when other threads do the work, so that the caller should block
     */
    boolean help();

    /**
     * Waits for the work that is running, and drops work that has not started, except callbacks: those are run.
     * Idempotent.
     */
    @Override
    void close();
}
