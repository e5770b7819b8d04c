package io.forebay.store.db.state;

import io.forebay.store.MemoryBudgetException;
import io.forebay.store.db.state.MemoryArbiter.Ended;
import io.forebay.store.db.state.MemoryArbiter.Freeze;
import java.util.function.BooleanSupplier;

/**
 * A request for memory that was refused, from the first refusal until it is granted or known to be in vain. It counts
 * attempts, and decides when to give up.
 *
 * <pre>
 *   new MemoryRequest        after the first refusal
 *   loop
 *     (attempt)              granted: the end
 *     failed(how the last wait ended)              throws when more attempts are in vain
 *     MemoryArbiter.await    until memory came back, or there is a reason not to wait for it
 *     attempting()           notes the moment before the next attempt
 * </pre>
 *
 * <p>Memory that comes back somewhere does not mean that this request gets on: while other stores write, memory comes back
 * all the time. So a request fails when no store has anything to give back. It also fails when all other stores have given
 * back all that they had, again and again ({@link Turnover}), and the memory that they have taken since is little beside
 * what the request asks for.
 *
 * <p>It does not wait and does not freeze memtables itself: the {@link MemoryArbiter} does. Used by one thread.
 */
public final class MemoryRequest {
    /**
     * The request fails after so many attempts that no other writer can have disturbed. More than one, because blocks that a
     * reader brings into the cache take memory for a short time, and there is nothing to wait for.
     */
    private static final int VAIN_ATTEMPTS = 8;

    /** The request fails after so many turnovers, when other stores have taken little memory since. */
    private static final int TURNOVERS = 16;
    /** As {@link #TURNOVERS}, when other stores have taken so much memory since that it may be what is missing. */
    private static final int LOST_TURNOVERS = 1024;
    /** Memory is little when it is less than the requested bytes divided by this: it is not what is missing. */
    private static final int LITTLE = 4;
    /** The most waits for calls or jobs under way, of {@link MemoryArbiter#CALL_WAIT_MILLIS} each, in which no memory came back. */
    private static final int CALL_ROUNDS = 3000;
    /** The most attempts, however the waits before them ended. */
    private static final int ATTEMPTS = 16 * CALL_ROUNDS;

    /** The store that asks. */
    final MemoryTenant self;
    /** What the memory is for; part of messages. */
    final String text;

    /** The most memory that an empty memtable would take for the request. */
    final long bytes;

    private final MemoryArbiter arbiter;
    /** The moment before the last attempt. */
    private MemoryArbiter.Moment before;
    /** The turnover that is under way. */
    private Turnover turnover;

    private int attempts;
    /** Attempts that failed while no store had anything to give back. */
    private int vain;
    /** Turnovers after which other stores had little memory. */
    private int turnovers;
    /** Turnovers after which they had more. */
    private int lostTurnovers;
    /** Waits for calls or jobs under way in which no memory came back. */
    private int callRounds;

    /**
     * Starts with the moment of this call: the next attempt may follow at once.
     *
     * @param self the store that asks
     * @param text what the memory is for, and the name of the store
     * @param bytes the most memory that an empty memtable would take for the request
     */
    public MemoryRequest(MemoryArbiter arbiter, MemoryTenant self, String text, long bytes) {
        this.arbiter = arbiter;
        this.self = self;
        this.text = text;
        this.bytes = bytes;
        turnover = arbiter.newTurnover();
        attempting();
    }

    /** The caller calls this before each attempt. */
    public void attempting() {
        before = arbiter.moment();
    }

    /** The moment before the last attempt. */
    MemoryArbiter.Moment before() {
        return before;
    }

    Turnover turnover() {
        return turnover;
    }

    /**
     * Notes that an attempt failed, and throws when further attempts are in vain.
     *
     * @param ended how the wait before the attempt ended
     * @param freezeOwn freezes the memtable of the store that asks; false when that is empty
     */
    public void failed(Ended ended, BooleanSupplier freezeOwn) {
        boolean over = arbiter.isOver(this);
        if (over) {
            turnover = arbiter.newTurnover();
            if (arbiter.movableBytes() < bytes / LITTLE) {
                turnovers++;
            } else {
                lostTurnovers++;
            }
        }
        if (ended == Ended.NOTHING && arbiter.nothingComes(this) && !freezeOwn.getAsBoolean()) {
            vain++;
        }
        boolean lost = turnovers == TURNOVERS || lostTurnovers == LOST_TURNOVERS;
        if (vain == VAIN_ATTEMPTS || lost || ended == Ended.OVERDUE || ++attempts == ATTEMPTS) {
            throw exhausted(lost);
        }
    }

    private MemoryBudgetException exhausted(boolean lost) {
        return arbiter.report().exhausted(self, text, lost);
    }

    /** Freezes the largest memtable of another store that is larger than {@code ownBytes}, if the turnover still needs it. */
    public Freeze freezeLarger(long ownBytes) {
        return arbiter.freezeLarger(self, ownBytes, turnover::freeze);
    }

    /** Notes one more wait for calls or jobs under way in which no memory came back. */
    void waitedForCalls() {
        callRounds++;
    }

    /** True when calls or jobs under way have kept their memory for too long. */
    boolean isOverdue() {
        return callRounds >= CALL_ROUNDS;
    }
}
