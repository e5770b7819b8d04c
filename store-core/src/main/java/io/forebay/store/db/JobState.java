package io.forebay.store.db;

/**
 * When a job has to be started that does all the work it finds when it begins, so that one of them waits in a queue, or runs, however
 * often it is asked for, and no request is forgotten. Thread-safe.
 */
final class JobState {
    private enum State {
        IDLE,
        QUEUED,
        RUNNING,
        /** What was asked for meanwhile needs another run. */
        RUNNING_AND_DUE
    }

    /** Changed under the lock. A look without it is enough to see that a run will begin, and look for work, after it. */
    private volatile State state = State.IDLE;

    /**
     * Called when the work is there to be found.
     *
     * @return whether the caller has to hand the job over
     */
    boolean request() {
        State seen = state;
        if (seen == State.QUEUED || seen == State.RUNNING_AND_DUE) {
            return false;
        }
        synchronized (this) {
            if (state == State.IDLE) {
                state = State.QUEUED;
                return true;
            }
            if (state == State.RUNNING) {
                state = State.RUNNING_AND_DUE;
            }
            return false;
        }
    }

    /** The job could not be handed over. */
    synchronized void refused() {
        state = State.IDLE;
    }

    /** First thing of a run, before it looks for work. */
    synchronized void begin() {
        state = State.RUNNING;
    }

    /**
     * Last thing of a run.
     *
     * @return whether the caller has to hand the job over once more
     */
    synchronized boolean end() {
        boolean again = state == State.RUNNING_AND_DUE;
        state = again ? State.QUEUED : State.IDLE;
        return again;
    }
}
