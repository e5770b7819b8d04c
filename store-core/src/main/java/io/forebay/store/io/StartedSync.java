package io.forebay.store.io;

/**
 * A sync of a file that is still being written, which another thread is to do. It runs at most once, and not after {@link
 * #end()}. Thread-safe.
 */
final class StartedSync implements Runnable {
    private enum State {
        WAITING,
        RUNNING,
        ENDED
    }

    private final SyncHandle handle;

    // Guarded by this
    private State state = State.WAITING;
    private Throwable failure;

    StartedSync(SyncHandle handle) {
        this.handle = handle;
    }

    @Override
    public void run() {
        synchronized (this) {
            if (state != State.WAITING) {
                return;
            }
            state = State.RUNNING;
        }
        Throwable thrown = null;
        try {
            handle.writeBack();
        } catch (Throwable e) {
            // The system may have reported an error of the file here, and does not report it again.
            thrown = e;
        } finally {
            synchronized (this) {
                failure = thrown;
                state = State.ENDED;
                notifyAll();
            }
        }
    }

    synchronized boolean hasEnded() {
        return state == State.ENDED;
    }

    /** Waits for the sync if it runs; else it will not run. An interrupt is kept for later. */
    synchronized void end() {
        boolean interrupted = false;
        while (state == State.RUNNING) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        state = State.ENDED;
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** What the sync that has ended threw; null for nothing. */
    synchronized Throwable failure() {
        return failure;
    }
}
