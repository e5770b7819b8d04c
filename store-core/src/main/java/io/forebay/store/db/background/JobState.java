package io.forebay.store.db.background;

/**
 * The state of a job that does all the work it finds when it starts. It decides when the job has to be handed to the
 * executor: at most one such job waits in the queue or runs, however often it is requested, and no request is lost.
 * Thread-safe: one atomic field.
 *
 * <pre>{@code
 *              request             begin              end
 *   IDLE ----------------> QUEUED -------> RUNNING ---------> IDLE
 *                            ^                | request
 *                            |      end       v
 *                            +------- RUNNING_AND_DUE
 * }</pre>
 */
final class JobState {
    private enum State {
        IDLE,
        QUEUED,
        RUNNING,
        /** A request that came during the run needs another run. */
        RUNNING_AND_DUE
    }

    // Written under this, read without: enough to see that a run will start, and look for work, after this
    private volatile State state = State.IDLE;

    /**
     * Called when the work can be found.
     *
     * @return whether the caller has to hand the job to the executor
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

    /** The executor has refused the job. */
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
     * @return whether the caller has to hand the job to the executor again
     */
    synchronized boolean end() {
        boolean again = state == State.RUNNING_AND_DUE;
        state = again ? State.QUEUED : State.IDLE;
        return again;
    }
}
