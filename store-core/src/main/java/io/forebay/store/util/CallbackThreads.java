package io.forebay.store.util;

import java.util.HashSet;
import java.util.LinkedList;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ThreadFactory;
import java.util.function.Consumer;

/**
 * Threads for code of users that may wait for anything: one for each callback, so that none waits for another one that it does
 * not know of. They are as rare as checkpoints, so a thread ends with its callback.
 *
 * <p>When the system has no more threads, a callback waits until there is one: on a thread that it does not have for itself it
 * might wait for what that thread is to do, or for a lock that it holds. Only once the executor is closed, and there is nothing
 * left to wait for, it is run by who hands it over.
 */
final class CallbackThreads {
    /** How long a close waits for callbacks that are under way. They are code of users: it may never end. */
    private static final long CLOSE_MILLIS = 1_000;

    private final String name;
    private final ThreadFactory factory;
    private final Consumer<Runnable> later;
    /** Those that run. Guarded by this, as all that follows. */
    private final Set<Thread> running = new HashSet<>();
    /** Callbacks that have found no thread, oldest first. */
    private final Queue<Runnable> waiting = new LinkedList<>();

    private long started;
    private boolean retrying;
    private boolean closed;

    /** @param later runs what it is given after a while, unless the executor is closed before */
    CallbackThreads(String name, ThreadFactory factory, Consumer<Runnable> later) {
        this.name = name;
        this.factory = factory;
        this.later = later;
    }

    void execute(Runnable work) {
        synchronized (this) {
            if (tryStart(work)) {
                return;
            }
            if (!closed) {
                if (!retrying) {
                    later.accept(this::retry);
                    retrying = true;
                }
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
        boolean begun = false;
        Thread thread = null;
        try {
            thread = factory.newThread(() -> run(work));
            thread.setName(name + "-callback-" + started);
            thread.setDaemon(true);
            running.add(thread);
            thread.start();
            begun = true;
            started++;
        } catch (OutOfMemoryError e) {
            return false; // the JVM has said so
        } finally {
            if (!begun) {
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
        notifyAll();
    }

    /** Begins all that wait, and gives callbacks that are under way a while to end, but the one that calls this. */
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
