package io.forebay.store.util;

import java.util.HashSet;
import java.util.Set;

/**
 * Threads for code of users that may wait for anything: one for each callback, so that none waits for another one that it does
 * not know of. They are as rare as checkpoints, so a thread ends with its callback.
 */
final class CallbackThreads {
    /** How long a close waits for callbacks that are under way. They are code of users: it may never end. */
    private static final long CLOSE_MILLIS = 1_000;

    private final String name;
    /** Those that run. Guarded by this. */
    private final Set<Thread> running = new HashSet<>();

    private long started;

    CallbackThreads(String name) {
        this.name = name;
    }

    void execute(Runnable work) {
        Thread thread;
        synchronized (this) {
            thread = new Thread(() -> run(work), name + "-callback-" + started++);
            running.add(thread);
        }
        thread.setDaemon(true);
        boolean begun = false;
        try {
            thread.start();
            begun = true;
        } catch (OutOfMemoryError e) {
            // no more threads: late is worse than on a thread that others may need
            work.run();
        } finally {
            if (!begun) {
                ended(thread);
            }
        }
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

    /** Gives callbacks that are under way a while to end, but the one that calls this. */
    void close() {
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
