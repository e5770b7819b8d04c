package io.forebay.store.util;

import io.forebay.store.BackgroundExecutor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs background work on daemon threads of its own. Flushes run before cleanups, which are short and give disk space back, and
 * cleanups before compactions. With more than one thread, compactions never occupy the last one, so that a flush does not wait
 * for a long compaction. Delayed work runs on a thread that is free when its time comes, before anything else. Callbacks have
 * threads of their own ({@link CallbackThreads}), syncs one that lives while there are any. Thread-safe.
 *
 * <p>The first thread starts with the executor, the others when there is work for them. So submitted work is never refused when
 * the system has no more threads: the existing threads do it, compactions use the last one as well, and further threads are
 * started as soon as the system allows it.
 */
public final class SystemExecutor implements BackgroundExecutor {
    private static final Logger LOG = LoggerFactory.getLogger(SystemExecutor.class);
    /** How long after the system refused a thread the executor asks for one again. */
    private static final long RETRY_NANOS = 100_000_000;
    /** How long the thread of syncs waits for a further one. */
    private static final long SYNCS_IDLE_SECONDS = 10;

    private final int threads;
    private final CallbackThreads callbacks;
    private final ThreadPoolExecutor syncs;
    private final String name;
    private final ThreadFactory factory;
    private final Object lock = new Object();
    /** Linked lists: an addition that fails for want of memory must not damage the work that was added before. */
    private final List<Queue<Runnable>> ready = new ArrayList<>();

    private final PriorityQueue<Delayed> delayed =
            new PriorityQueue<>(Comparator.comparingLong(Delayed::due).thenComparingLong(Delayed::number));
    /** The threads that run. None ends before the close. */
    private final List<Thread> workers;

    private final long epoch = System.nanoTime();

    // Guarded by lock
    private long scheduled;
    private int idle;
    private int compacting;
    private long askAgain;
    private boolean closed;
    /** True when the system refused the last thread that was asked for. */
    private boolean refused;

    /**
     * @param threads at least 1
     * @throws OutOfMemoryError when not even one thread can be started
     */
    public SystemExecutor(int threads, String name) {
        this(threads, name, Thread::new);
    }

    /** @param factory makes threads and does not start them */
    SystemExecutor(int threads, String name, ThreadFactory factory) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads is " + threads + ", must be at least 1");
        }
        this.threads = threads;
        this.name = name;
        this.factory = factory;
        callbacks = new CallbackThreads(name, factory, this::scheduleRetry);
        syncs = new ThreadPoolExecutor(
                1,
                1,
                SYNCS_IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                this::syncThread,
                new ThreadPoolExecutor.DiscardPolicy());
        syncs.allowCoreThreadTimeOut(true);
        workers = new ArrayList<>(threads);
        for (int i = 0; i < Kind.values().length; i++) {
            ready.add(new LinkedList<>());
        }
        synchronized (lock) {
            startWorker();
        }
    }

    /** Work that waits for its time, in nanoseconds since the executor was made. */
    private record Delayed(long due, long number, Runnable work) {}

    @Override
    public void execute(Kind kind, Runnable work) {
        if (kind == Kind.CALLBACK) {
            callbacks.execute(work);
            return;
        }
        if (kind == Kind.SYNC) {
            syncs.execute(work);
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
        syncs.shutdown();
        syncs.getQueue().clear();
        boolean interrupted = false;
        while (!syncs.isTerminated()) {
            try {
                syncs.awaitTermination(1, TimeUnit.DAYS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
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
        // all of them, because an idle thread may not take compactions, or may wait for a later time
        lock.notifyAll();
    }

    /** Starts a further thread. When that fails, a running thread will do the work. */
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

    /** Starts a thread, and counts it when it runs. */
    private void startWorker() {
        Thread worker = factory.newThread(this::work);
        worker.setName(name + "-" + workers.size());
        worker.setDaemon(true);
        worker.start();
        workers.add(worker);
    }

    private Thread syncThread(Runnable work) {
        Thread thread = factory.newThread(work);
        thread.setName(name + "-sync");
        thread.setDaemon(true);
        return thread;
    }

    private void warn(OutOfMemoryError refusal) {
        try {
            LOG.warn(
                    "No thread could be started for background work; the {} of {} that run do it until more can be started",
                    workers.size(),
                    threads,
                    refusal);
        } catch (OutOfMemoryError ignored) {
            // There is no memory for the log either, nor for a suppressed error.
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
                // the contract forbids this; the thread must go on with the work of other stores
                report(e);
            } finally {
                Thread.interrupted(); // an interrupt must not reach the next task
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
        } catch (Throwable ignored) {
            // As the JVM does: what is thrown here would end the thread.
        }
    }

    /** True while compactions occupy fewer threads than all but one; all counts the threads that can be started. */
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
            // users must not interrupt these threads; the interrupted work has ended, so the flag is dropped
        } finally {
            idle--;
        }
    }

    private long now() {
        return System.nanoTime() - epoch;
    }
}
