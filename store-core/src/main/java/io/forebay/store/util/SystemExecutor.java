package io.forebay.store.util;

import io.forebay.store.BackgroundExecutor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.ThreadFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Background work on daemon threads of its own. Flushes are taken before cleanups, which are short and give disk space
 * back, and cleanups before compactions; with more than one thread, compactions never occupy the last one, so that a flush
 * does not wait behind a long compaction. Delayed work is run by a thread that is free when its time comes, before anything else. Callbacks have threads
 * of their own ({@link CallbackThreads}).
 *
 * <p>The first thread starts with the executor, the others when there is work for them. So work that is handed over is never refused when the
 * system has no more threads: those there are do it, compactions with the last one too, and others are started as soon as there can be.
 */
public final class SystemExecutor implements BackgroundExecutor {
    private static final Logger LOG = LoggerFactory.getLogger(SystemExecutor.class);
    /** How long after a thread was refused another one is asked for. */
    private static final long RETRY_NANOS = 100_000_000;

    private final int threads;
    private final CallbackThreads callbacks;
    private final String name;
    private final ThreadFactory factory;
    private final Object lock = new Object();
    /** Linked: a hand-over that there is no memory for must not harm what was handed over before. */
    private final List<Queue<Runnable>> ready = new ArrayList<>();

    private final PriorityQueue<Delayed> delayed =
            new PriorityQueue<>(Comparator.comparingLong(Delayed::due).thenComparingLong(Delayed::number));
    /** Those that run: none ends before the close. */
    private final List<Thread> workers;

    private final long epoch = System.nanoTime();
    private long scheduled;
    private int idle;
    private int compacting;
    /** Whether the last thread that was asked for could not be had. */
    private boolean refused;

    private long askAgain;
    private boolean closed;

    /**
     * @param threads at least 1
     * @throws OutOfMemoryError when not even one thread can be had
     */
    public SystemExecutor(int threads, String name) {
        this(threads, name, Thread::new);
    }

    /** @param factory of threads that are not started */
    SystemExecutor(int threads, String name, ThreadFactory factory) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads is " + threads + ", must be at least 1");
        }
        this.threads = threads;
        this.name = name;
        this.factory = factory;
        callbacks = new CallbackThreads(name, factory, this::scheduleRetry);
        workers = new ArrayList<>(threads);
        for (int i = 0; i < Kind.values().length; i++) {
            ready.add(new LinkedList<>());
        }
        synchronized (lock) {
            startWorker();
        }
    }

    /** Work that waits for its time (nanoseconds since the executor began). */
    private record Delayed(long due, long number, Runnable work) {}

    @Override
    public void execute(Kind kind, Runnable work) {
        if (kind == Kind.CALLBACK) {
            callbacks.execute(work);
            return;
        }
        synchronized (lock) {
            if (!closed) {
                ready.get(kind.ordinal()).add(work);
                wakeOne();
            }
        }
    }

    @Override
    public Runnable schedule(long delayNanos, Runnable work) {
        synchronized (lock) {
            if (closed) {
                return () -> {};
            }
            long now = now();
            long delay = Math.min(Math.max(0, delayNanos), Long.MAX_VALUE - now);
            Delayed entry = new Delayed(now + delay, scheduled++, work);
            Runnable cancel = () -> {
                synchronized (lock) {
                    delayed.remove(entry);
                }
            };
            delayed.add(entry);
            wakeOne();
            return cancel;
        }
    }

    private void scheduleRetry(Runnable retry) {
        schedule(RETRY_NANOS, retry);
    }

    @Override
    public boolean help() {
        return false;
    }

    @Override
    public void close() {
        List<Thread> running;
        synchronized (lock) {
            closed = true;
            ready.forEach(Queue::clear);
            delayed.clear();
            lock.notifyAll();
            running = List.copyOf(workers);
        }
        boolean interrupted = false;
        for (Thread worker : running) {
            while (worker != Thread.currentThread() && worker.isAlive()) {
                try {
                    worker.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        callbacks.close();
    }

    private void wakeOne() {
        boolean wanted = refused ? now() >= askAgain : pending() > idle;
        if (workers.size() < threads && wanted && tryStartWorker()) {
            return;
        }
        // all: an idle thread may be barred from compactions, or wait for a later time
        lock.notifyAll();
    }

    /** Not the first one: whoever runs will do the work. */
    private boolean tryStartWorker() {
        try {
            startWorker();
            refused = false;
            return true;
        } catch (OutOfMemoryError e) {
            boolean first = !refused;
            refused = true;
            askAgain = now() + RETRY_NANOS;
            if (first) {
                warn(e);
            }
            return false;
        }
    }

    /** Counted once it runs. */
    private void startWorker() {
        Thread worker = factory.newThread(this::work);
        worker.setName(name + "-" + workers.size());
        worker.setDaemon(true);
        worker.start();
        workers.add(worker);
    }

    private void warn(OutOfMemoryError refusal) {
        try {
            LOG.warn(
                    "No thread could be started for background work; the {} of {} that run do it until there can be more",
                    workers.size(),
                    threads,
                    refusal);
        } catch (OutOfMemoryError e) {
            refusal.addSuppressed(e); // nor is there memory to say so
        }
    }

    private int pending() {
        int count = delayed.size();
        for (Queue<Runnable> queue : ready) {
            count += queue.size();
        }
        return count;
    }

    private void work() {
        while (true) {
            boolean compaction = false;
            Runnable task;
            synchronized (lock) {
                while ((task = takeDelayed()) == null
                        && (task = poll(Kind.FLUSH)) == null
                        && (task = poll(Kind.CLEANUP)) == null) {
                    if (mayCompact() && (task = poll(Kind.COMPACTION)) != null) {
                        compaction = true;
                        compacting++;
                        break;
                    }
                    if (closed) {
                        return;
                    }
                    await();
                }
            }
            try {
                task.run();
            } catch (Throwable e) {
                // the contract forbids it; the thread must live on for the work of other stores
                report(e);
            } finally {
                Thread.interrupted(); // is not for the next one
                if (compaction) {
                    synchronized (lock) {
                        compacting--;
                    }
                }
            }
        }
    }

    private static void report(Throwable thrown) {
        Thread self = Thread.currentThread();
        try {
            self.getUncaughtExceptionHandler().uncaughtException(self, thrown);
        } catch (Throwable e) {
            thrown.addSuppressed(e); // which the JVM would ignore
        }
    }

    /** All but one of the threads that there are, or may be once there is work for them. */
    private boolean mayCompact() {
        int usable = refused ? workers.size() : threads;
        return compacting < Math.max(1, usable - 1);
    }

    private Runnable poll(Kind kind) {
        return ready.get(kind.ordinal()).poll();
    }

    private Runnable takeDelayed() {
        Delayed first = delayed.peek();
        return first != null && first.due() <= now() ? delayed.poll().work() : null;
    }

    private void await() {
        idle++;
        try {
            Delayed first = delayed.peek();
            if (first == null) {
                lock.wait();
            } else {
                long nanos = Math.max(1, first.due() - now());
                lock.wait(nanos / 1_000_000, (int) (nanos % 1_000_000));
            }
        } catch (InterruptedException e) {
            // nobody may interrupt these threads; work that was is done with it, so the flag is dropped
        } finally {
            idle--;
        }
    }

    private long now() {
        return System.nanoTime() - epoch;
    }
}
