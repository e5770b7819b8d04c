package io.forebay.store.db.background;

/**
 * Whether a job that does all the work it finds when it starts waits in the queue of the executor, or runs. It tells the
 * caller when to hand the job to the executor: at most one such job waits or runs, however often it is requested, and no
 * request is lost. It neither has the job nor knows the executor. Thread-safe.
 *
 * <pre>{@code
 *           request           begin             end
 *   IDLE -------------> QUEUED ----> RUNNING --------> IDLE
 *                         ^             | request
 *                         |     end     v
 *                         +------ RUNNING_AND_DUE
 *
 *   refused: QUEUED -> IDLE
 * }</pre>
 */
final class JobState {
    private enum State {
        IDLE,
        QUEUED,
        RUNNING,
        /** A request came during the run, which may not have found its work: another run has to follow. */
        RUNNING_AND_DUE
    }

    // Written under this, read without
    private volatile State state = State.IDLE;

    /**
     * Requests a run. The work must be where a run finds it before this call.
     *
     * @return true when the caller has to hand the job to the executor
     */
    boolean request() {
        State seen = state;
        if (seen == State.QUEUED || seen == State.RUNNING_AND_DUE) {
            return false; // a run will begin after this read, and finds the work
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

    /** The executor has refused the job: no run will begin. */
    synchronized void refused() {
        state = State.IDLE;
    }

    /** The first step of a run, before it looks for work. */
    synchronized void begin() {
        state = State.RUNNING;
    }

    /**
     * The last step of a run.
     *
     * @return true when the caller has to hand the job to the executor again
     */
    synchronized boolean end() {
        boolean again = state == State.RUNNING_AND_DUE;
        state = again ? State.QUEUED : State.IDLE;
        return again;
    }
}
