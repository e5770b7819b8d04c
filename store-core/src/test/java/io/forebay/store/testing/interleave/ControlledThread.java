package io.forebay.store.testing.interleave;

import java.util.concurrent.locks.LockSupport;

/** A thread that stops at every point until it is its turn. Its fields belong to whoever runs. */
final class ControlledThread extends Thread {
    final int id;
    private final Schedule schedule;
    private final Runnable work;

    /** What it does when it goes on. */
    Access next = Access.BEGIN;
    /** The step of the schedule at which it began to wait. */
    int waitingSince;

    boolean ended;
    private volatile boolean turn;

    ControlledThread(int id, Schedule schedule, Runnable work) {
        super("controlled " + id);
        this.id = id;
        this.schedule = schedule;
        this.work = work;
        setDaemon(true);
    }

    Schedule schedule() {
        return schedule;
    }

    int bit() {
        return 1 << id;
    }

    @Override
    public void run() {
        awaitTurn();
        try {
            work.run();
        } finally {
            schedule.ended(this);
        }
    }

    void giveTurn() {
        turn = true;
        LockSupport.unpark(this);
    }

    void awaitTurn() {
        while (!turn && !schedule.isFree()) {
            LockSupport.park(schedule);
        }
        turn = false;
    }
}
