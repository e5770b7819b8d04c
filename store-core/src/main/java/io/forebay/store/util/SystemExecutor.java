package io.forebay.store.util;

import io.forebay.store.BackgroundExecutor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Background work on daemon threads of its own. Flushes are taken before cleanups, which are short and give disk space
 * back, and cleanups before compactions; with more than one thread, compactions never occupy the last one, so that a flush
 * does not wait behind a long compaction. Delayed work is run by a thread that is free when its time comes, before anything else. Threads start when
 * there is first work for them. Callbacks have threads of their own ({@link CallbackThreads}).
 */
public final class SystemExecutor implements BackgroundExecutor {
    private final int threads;
    private final CallbackThreads callbacks;
    private final String name;
    private final Object lock = new Object();
    private final List<ArrayDeque<Runnable>> ready = new ArrayList<>();
    private final PriorityQueue<Delayed> delayed =
            new PriorityQueue<>(Comparator.comparingLong(Delayed::due).thenComparingLong(Delayed::number));
    private final List<Thread> workers = new ArrayList<>();
    private final long epoch = System.nanoTime();
    private long scheduled;
    private int idle;
    private int compacting;
    private boolean closed;

    /** @param threads at least 1 */
    public SystemExecutor(int threads, String name) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads is " + threads + ", must be at least 1");
        }
        this.threads = threads;
        callbacks = new CallbackThreads(name);
        this.name = name;
        for (int i = 0; i < Kind.values().length; i++) {
            ready.add(new ArrayDeque<>());
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
            if (closed) {
                return;
            }
            ready.get(kind.ordinal()).addLast(work);
            wakeOne();
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
            delayed.add(entry);
            wakeOne();
            return () -> {
                synchronized (lock) {
                    delayed.remove(entry);
                }
            };
        }
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
            ready.forEach(ArrayDeque::clear);
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
        if (workers.size() < threads && pending() > idle) {
            Thread worker = new Thread(this::work, name + "-" + workers.size());
            worker.setDaemon(true);
            workers.add(worker);
            worker.start();
        } else {
            // all: an idle thread may be barred from compactions, or wait for a later time
            lock.notifyAll();
        }
    }

    private int pending() {
        int count = delayed.size();
        for (ArrayDeque<Runnable> queue : ready) {
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
                Thread self = Thread.currentThread();
                self.getUncaughtExceptionHandler().uncaughtException(self, e);
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

    private boolean mayCompact() {
        return threads == 1 || compacting < threads - 1;
    }

    private Runnable poll(Kind kind) {
        return ready.get(kind.ordinal()).pollFirst();
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
