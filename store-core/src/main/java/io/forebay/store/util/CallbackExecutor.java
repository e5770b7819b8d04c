package io.forebay.store.util;

import io.forebay.store.BackgroundExecutor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An executor of the user, with threads of its own for callbacks that it refuses: somebody waits for each of them. Thread-safe.
 */
public final class CallbackExecutor implements BackgroundExecutor {
    /** How long after the system refused a thread for a callback it is asked for one again. */
    private static final long RETRY_NANOS = 100_000_000;

    private static final Logger LOG = LoggerFactory.getLogger(CallbackExecutor.class);

    private final BackgroundExecutor executor;
    private final CallbackThreads refused;

    /** @param executor is closed with this one */
    public CallbackExecutor(BackgroundExecutor executor, String name) {
        this.executor = executor;
        refused = new CallbackThreads(name, retry -> executor.schedule(RETRY_NANOS, retry));
    }

    @Override
    public void execute(Kind kind, Runnable work) {
        if (kind != Kind.CALLBACK) {
            executor.execute(kind, work);
            return;
        }
        try {
            executor.execute(kind, work);
        } catch (RuntimeException | Error e) {
            LOG.debug("The executor refused a callback, which has a thread of its own", e);
            refused.execute(work);
        }
    }

    @Override
    public Runnable schedule(long delayNanos, Runnable work) {
        return executor.schedule(delayNanos, work);
    }

    @Override
    public boolean help() {
        return executor.help();
    }

    @Override
    public void close() {
        try {
            executor.close();
        } finally {
            refused.close();
        }
    }
}
