package io.forebay.store.util;

import java.util.HashSet;
import java.util.LinkedList;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ThreadFactory;
import java.util.function.Consumer;

/**
 * Threads for code of users that may wait for anything: one for each callback, so that no callback waits for another one that
 * it does not know of. Callbacks are as rare as checkpoints, so a thread ends with its callback. Thread-safe.
 *
 * <p>When the system has no more threads, a callback waits until there is one. It does not run on a thread with other work,
 * because it might wait for that work, or for a lock of that thread. Only when the executor is closed, and there is nothing
 * left to wait for, the thread that submits a callback runs it.
 */
final class CallbackThreads {
    /** How long a close waits for running callbacks. They are code of users, which may never end. */
    private static final long CLOSE_MILLIS = 1_000;

    private final String name;
    private final ThreadFactory factory;
    private final Consumer<Runnable> later;
    /** The threads of the running callbacks. */
    private final Set<Thread> running = new HashSet<>();
    /** Callbacks for which there was no thread, oldest first. */
    private final Queue<Runnable> waiting = new LinkedList<>();

    // Guarded by this
    private long started;
    private boolean retrying;
    private boolean closed;

    /** With the threads of the system. */
    CallbackThreads(String name, Consumer<Runnable> later) {
        this(name, Thread::new, later);
    }

    /** @param later runs its argument after a while, unless the executor is closed before that */
    CallbackThreads(String name, ThreadFactory factory, Consumer<Runnable> later) {
        this.name = name;
        this.factory = factory;
        this.later = later;
    }

    void execute(Runnable work) {
        synchronized (this) {
            startWaiting();
            if (waiting.isEmpty() && tryStart(work)) {
                return;
            }
            if (!closed) {
                retryLater();
                waiting.add(work);
                return;
            }
        }
        work.run();
    }

    private synchronized void retry() {
        retrying = false;
        startWaiting();
        if (!waiting.isEmpty()) {
            retryLater();
        }
    }

    /** When this throws, waiting callbacks start with the next callback, or when one ends. */
    private void retryLater() {
        if (!retrying) {
            later.accept(this::retry);
            retrying = true;
        }
    }

    private void startWaiting() {
        while (!waiting.isEmpty() && tryStart(waiting.peek())) {
            waiting.remove();
        }
    }

    private boolean tryStart(Runnable work) {
        boolean isStarted = false;
        Thread thread = null;
        try {
            thread = factory.newThread(() -> run(work));
            thread.setName(name + "-callback-" + started);
            thread.setDaemon(true);
            running.add(thread);
            thread.start();
            isStarted = true;
            started++;
        } catch (OutOfMemoryError e) {
            return false; // the JVM has logged it
        } finally {
            if (!isStarted) {
                running.remove(thread);
            }
        }
        return true;
    }

    private void run(Runnable work) {
        try {
            work.run();
        } finally {
            ended(Thread.currentThread());
        }
    }

    private synchronized void ended(Thread thread) {
        running.remove(thread);
        startWaiting();
        notifyAll();
    }

    /**
     * Starts all waiting callbacks, and waits a limited time for the running ones to end, except for the callback that calls
     * this.
     */
    void close() {
        Queue<Runnable> left;
        synchronized (this) {
            closed = true;
            startWaiting();
            left = new LinkedList<>(waiting);
            waiting.clear();
        }
        left.forEach(Runnable::run);
        awaitRunning();
    }

    private void awaitRunning() {
        long end = System.nanoTime() + CLOSE_MILLIS * 1_000_000;
        boolean interrupted = false;
        synchronized (this) {
            running.remove(Thread.currentThread());
            for (long left = CLOSE_MILLIS;
                    !running.isEmpty() && left > 0;
                    left = (end - System.nanoTime()) / 1_000_000) {
                try {
                    wait(left);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
