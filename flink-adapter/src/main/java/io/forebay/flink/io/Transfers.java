package io.forebay.flink.io;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.apache.flink.annotation.Internal;
import org.apache.flink.util.ExceptionUtils;
import org.apache.flink.util.concurrent.ExecutorThreadFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Threads that help to copy checkpoint files. They end when there is nothing to copy. The caller copies as well, so it
 * never waits until copies of another caller are done. Thread-safe.
 */
@Internal
public final class Transfers implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Transfers.class);
    private static final long IDLE_SECONDS = 10;

    private final int helpers;
    private final ThreadPoolExecutor executor;

    /** @param threads how many copies of one caller run at a time, including the one on the caller's thread; at least 1 */
    public Transfers(int threads) {
        this(threads, new ExecutorThreadFactory("forebay-transfer"));
    }

    Transfers(int threads, ThreadFactory factory) {
        helpers = threads - 1;
        executor = new ThreadPoolExecutor(
                Math.max(1, helpers),
                Math.max(1, helpers),
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                factory);
        executor.allowCoreThreadTimeOut(true);
    }

    /**
     * Runs all copies and returns their results in order. After a failure no further copy starts. To end running copies
     * early, close their streams. When the call returns or throws, none of the copies is running.
     *
     * @throws Exception the first failure
     */
    public <T> List<T> runAll(List<Callable<T>> copies) throws Exception {
        Batch<T> batch = new Batch<>(copies);
        for (int i = Math.min(helpers, copies.size() - 1); i > 0; i--) {
            try {
                executor.execute(batch::help);
            } catch (RejectedExecutionException e) {
                // Transfers have been closed meanwhile: the copies will fail on their streams.
                break;
            } catch (OutOfMemoryError e) {
                // No more threads: the caller copies, with the helpers that there are.
                LOG.warn("No thread could be started to help with copying checkpoint files", e);
                break;
            }
        }
        batch.work();
        return batch.end();
    }

    @Override
    public void close() {
        executor.shutdown();
    }

    /** The copies of one caller. */
    private static final class Batch<T> {
        private final List<Callable<T>> copies;
        private final List<T> results;

        // Guarded by this
        private int next;
        private int active;
        private boolean ended;
        /** Does not change any more after {@link #ended} is true and {@link #active} is 0. */
        private Throwable failure;

        Batch(List<Callable<T>> copies) {
            this.copies = copies;
            this.results = new ArrayList<>(copies.size());
            for (int i = 0; i < copies.size(); i++) {
                results.add(null);
            }
        }

        void help() {
            synchronized (this) {
                if (ended) {
                    return;
                }
                active++;
            }
            work();
            synchronized (this) {
                active--;
                notifyAll();
            }
        }

        void work() {
            int index;
            while ((index = take()) >= 0) {
                try {
                    T result = copies.get(index).call();
                    synchronized (this) {
                        results.set(index, result);
                    }
                } catch (Throwable t) {
                    fail(t);
                }
            }
        }

        List<T> end() throws Exception {
            boolean interrupted = false;
            synchronized (this) {
                ended = true;
                while (active > 0) {
                    try {
                        wait();
                    } catch (InterruptedException e) {
                        interrupted = true;
                    }
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            if (failure != null) {
                ExceptionUtils.rethrowException(failure);
            }
            return results;
        }

        private synchronized int take() {
            return failure == null && next < copies.size() ? next++ : -1;
        }

        private synchronized void fail(Throwable t) {
            failure = ExceptionUtils.firstOrSuppressed(t, failure);
        }
    }
}
