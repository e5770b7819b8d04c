package io.forebay.store.testing;

import java.io.IOException;
import java.lang.management.LockInfo;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Threads that take turns: one of them runs at a time, up to its next turn point, and a seed chooses who comes next. A thread
 * that waits at a lock which another one holds across its turn point gives its turn away; when it gets the lock, it runs on
 * beside the one whose turn it is, up to its own next turn point. So between turn points two threads may overlap for a moment,
 * while whatever is done behind a turn point, and before the next lock, is done alone. A seed makes the same choices again, and
 * almost always the same run.
 */
public final class Turns {
    /** A guard against threads that block each other for good. */
    private static final long STUCK_NANOS = 300_000_000_000L;

    private enum State {
        /** At a turn point, waiting for a turn. */
        PARKED,
        /** Has been given a turn and has not noticed yet. */
        GRANTED,
        RUNNING,
        FINISHED
    }

    private static final class Actor {
        final String name;
        Thread thread;
        State state = State.PARKED;
        /** Whatever it seems to wait for, nobody else gets a turn. */
        volatile boolean alone;

        Actor(String name) {
            this.name = name;
        }
    }

    /** Ends a thread whose run is over because another one failed. */
    private static final class Ended extends Error {
        private static final long serialVersionUID = 1L;

        Ended() {
            super("The run is over", null, false, false);
        }
    }

    private final Object lock = new Object();
    private final Random random;
    private final ThreadLocal<Actor> me = new ThreadLocal<>();
    /** In the order of their starts; guarded by the lock, as all states. */
    private final List<Actor> actors = new ArrayList<>();

    private Throwable failure;
    private boolean ended;
    private long turns;
    private long overlaps;

    public Turns(long seed) {
        random = new Random(CrashDisk.mix(17, seed));
    }

    /** A thread of its own for {@code work}, which gets its first turn some time. */
    public void start(String name, Runnable work) {
        Actor actor = new Actor(name);
        synchronized (lock) {
            actors.add(actor);
        }
        actor.thread = new Thread(() -> live(actor, work), "turn-" + name);
        actor.thread.setDaemon(true);
        actor.thread.start();
    }

    private void live(Actor actor, Runnable work) {
        me.set(actor);
        try {
            park(actor, false);
            work.run();
        } catch (Ended e) {
            // as asked
        } catch (Throwable e) {
            synchronized (lock) {
                failure = failure == null ? e : failure;
            }
        } finally {
            synchronized (lock) {
                actor.state = State.FINISHED;
                lock.notifyAll();
            }
        }
    }

    /** A turn point: others may come first. Does nothing on a thread that takes no part. */
    public void pause() {
        Actor actor = me.get();
        if (actor != null && !actor.alone) {
            park(actor, false);
        }
    }

    /** Something that is done in one turn. */
    @FunctionalInterface
    public interface Work<T> {
        T run() throws IOException;
    }

    /**
     * A turn point, and then something during which nobody else gets a turn, though it may wait on the way. That a thread waits
     * cannot be told for sure: it seems to until it has really gone on.
     */
    public <T> T alone(Work<T> work) throws IOException {
        Actor actor = me.get();
        if (actor == null || actor.alone) {
            return work.run();
        }
        park(actor, true);
        try {
            return work.run();
        } finally {
            actor.alone = false;
        }
    }

    private void park(Actor actor, boolean alone) {
        boolean interrupted = false;
        synchronized (lock) {
            actor.state = State.PARKED;
            lock.notifyAll();
            while (actor.state != State.GRANTED && !ended) {
                try {
                    lock.wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            actor.state = State.RUNNING;
            actor.alone = alone && !ended;
            if (ended) {
                throw new Ended();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** True while another thread than the calling one is not finished. */
    public boolean hasOthers() {
        Actor actor = me.get();
        synchronized (lock) {
            return actors.stream().anyMatch(other -> other != actor && other.state != State.FINISHED);
        }
    }

    /** Turns given so far, and how many of them went to somebody while another one waited at a lock. */
    public long turns() {
        synchronized (lock) {
            return turns;
        }
    }

    public long overlaps() {
        synchronized (lock) {
            return overlaps;
        }
    }

    /** Runs {@code main} and all that it starts to their ends. Throws what any of them threw. */
    public void run(Runnable main) {
        start("main", main);
        try {
            long quietSince = System.nanoTime();
            long last = -1;
            while (give()) {
                long now = System.nanoTime();
                long given = turns();
                if (last != given) {
                    last = given;
                    quietSince = now;
                } else if (now - quietSince > STUCK_NANOS) {
                    throw new AssertionError("All threads wait for each other:\n" + stacks());
                }
            }
        } finally {
            end();
        }
        if (failure instanceof RuntimeException e) {
            throw e;
        }
        if (failure instanceof Error e) {
            throw e;
        }
    }

    /** Gives a turn to somebody if nobody runs. @return false when all is done, or something failed */
    private boolean give() {
        List<Actor> running = new ArrayList<>();
        synchronized (lock) {
            if (failure != null || actors.stream().allMatch(actor -> actor.state == State.FINISHED)) {
                return false;
            }
            actors.stream()
                    .filter(actor -> actor.state == State.RUNNING || actor.state == State.GRANTED)
                    .forEach(running::add);
            if (running.isEmpty()) {
                grant(0);
                return true;
            }
        }
        // Nobody is told when a thread begins to wait at a lock, so this looks, and looks again.
        boolean waiting = allWait(running);
        Thread.yield();
        if (waiting && allWait(running)) {
            synchronized (lock) {
                boolean same = actors.stream()
                        .filter(actor -> actor.state == State.RUNNING || actor.state == State.GRANTED)
                        .toList()
                        .equals(running);
                // Seen under the lock, so that nobody who is alone, or about to be, gets company.
                if (same && running.stream().noneMatch(actor -> actor.state == State.GRANTED || actor.alone)) {
                    grant(1);
                }
            }
        }
        synchronized (lock) {
            if (failure == null
                    && actors.stream().anyMatch(a -> a.state == State.RUNNING || a.state == State.GRANTED)) {
                try {
                    lock.wait(1); // until it parks or finishes; a lock that it waits at tells nobody
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
        }
        return true;
    }

    private boolean allWait(List<Actor> running) {
        return running.stream().allMatch(this::waits);
    }

    private void grant(int waiting) {
        List<Actor> ready =
                actors.stream().filter(actor -> actor.state == State.PARKED).toList();
        if (!ready.isEmpty()) {
            Actor next = ready.get(random.nextInt(ready.size()));
            next.state = State.GRANTED;
            turns++;
            overlaps += waiting;
            lock.notifyAll();
        }
        actors.removeIf(actor -> actor.state == State.FINISHED);
    }

    /** True when the thread waits for something that is not its turn. */
    private boolean waits(Actor actor) {
        if (actor.alone) {
            return false;
        }
        ThreadInfo info = ManagementFactory.getThreadMXBean().getThreadInfo(actor.thread.getId());
        if (info == null) {
            return false; // it has ended, and says so soon
        }
        Thread.State state = info.getThreadState();
        if (state != Thread.State.BLOCKED && state != Thread.State.WAITING && state != Thread.State.TIMED_WAITING) {
            return false;
        }
        LockInfo at = info.getLockInfo();
        return at == null || at.getIdentityHashCode() != System.identityHashCode(lock);
    }

    private void end() {
        List<Actor> left;
        synchronized (lock) {
            ended = true;
            left = List.copyOf(actors);
            lock.notifyAll();
        }
        for (Actor actor : left) {
            try {
                actor.thread.join(10_000); // one that waits for good stays, as a daemon
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private String stacks() {
        StringBuilder text = new StringBuilder();
        synchronized (lock) {
            for (Actor actor : actors) {
                text.append(actor.name)
                        .append(' ')
                        .append(actor.state)
                        .append(' ')
                        .append(actor.thread.getState());
                text.append('\n');
                for (StackTraceElement frame : actor.thread.getStackTrace()) {
                    text.append("    at ").append(frame).append('\n');
                }
            }
        }
        return text.toString();
    }
}
