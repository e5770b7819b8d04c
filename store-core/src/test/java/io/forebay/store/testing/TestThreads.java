package io.forebay.store.testing;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;

/** Threads of tests, and how they wait for each other. */
public final class TestThreads {
    private TestThreads() {}

    /** Runs {@code work} on a new daemon thread; {@code failure} gets what it throws. */
    public static Thread start(Runnable work, AtomicReference<Throwable> failure) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (Throwable e) {
                failure.set(e);
            }
        });
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    /**
     * Runs {@code work} on another thread and waits for it: what happens on another thread in the middle of a callback, which is not allowed to do
     * it itself. Throws what {@code work} throws.
     */
    public static void onAnother(Runnable work) {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread thread = start(work, failure);
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
        if (failure.get() instanceof Error e) {
            throw e;
        }
        if (failure.get() != null) {
            throw (RuntimeException) failure.get();
        }
    }

    /** Waits; an interrupt, such as that of a time limit, fails the test. */
    public static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** Waits, for threads that the code under test may interrupt; they are interrupted afterwards. */
    public static void awaitUninterruptibly(CountDownLatch latch) {
        boolean interrupted = false;
        while (true) {
            try {
                latch.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
