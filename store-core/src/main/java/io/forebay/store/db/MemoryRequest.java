package io.forebay.store.db;

import io.forebay.store.MemoryBudgetException;
import io.forebay.store.db.MemoryArbiter.Ended;
import io.forebay.store.db.MemoryArbiter.Freeze;
import io.forebay.store.db.MemoryArbiter.Tenant;
import java.util.function.BooleanSupplier;

/**
 * A request for memory that was refused, until it is granted or known to be in vain. That memory comes back somewhere says nothing:
 * where other stores write, it does all the time. So a request ends when nobody has anything to give back, and also when all
 * others have given back all that they had, again and again, and what they took meanwhile is little beside what is asked for. Used
 * by one thread.
 */
final class MemoryRequest {
    /**
     * So many attempts that no other writer can have disturbed are made before a write fails: what a reader fetches into the
     * cache is in the way for a moment, and nobody can be asked for it.
     */
    private static final int VAIN_ATTEMPTS = 8;

    /** So often all others give back what they have. */
    private static final int TURNOVERS = 16;
    /** As {@link #TURNOVERS}, where others took so much of it that it may be what is missing: they cannot win each time. */
    private static final int LOST_TURNOVERS = 1024;
    /** Memtables that use less than this part of what is asked for are not what is missing. */
    private static final int LITTLE = 4;
    /** Waits for calls that are under way, of {@link MemoryArbiter#CALL_WAIT_MILLIS} each, in which nothing came. */
    private static final int CALL_ROUNDS = 3000;
    /** However the attempts before ended. */
    private static final int ATTEMPTS = 16 * CALL_ROUNDS;

    final Tenant self;
    /** What the memory is for, for messages. */
    final String text;

    private final MemoryArbiter arbiter;
    private final long bytes;
    private MemoryArbiter.Moment before;
    private Turnover turnover = new Turnover();
    private int attempts;
    private int vain;
    private int turnovers;
    private int lostTurnovers;
    private int callRounds;

    /**
     * The next attempt may follow at once.
     *
     * @param self who asks
     * @param bytes what an empty memtable would take, at most
     */
    MemoryRequest(MemoryArbiter arbiter, Tenant self, String text, long bytes) {
        this.arbiter = arbiter;
        this.self = self;
        this.text = text;
        this.bytes = bytes;
        attempting();
    }

    /** To be called before each attempt. */
    void attempting() {
        before = arbiter.moment();
    }

    /** As of the last attempt. */
    MemoryArbiter.Moment before() {
        return before;
    }

    Turnover turnover() {
        return turnover;
    }

    /**
     * After an attempt that failed: throws when further ones are in vain.
     *
     * @param ended how the wait before the attempt ended
     * @param freezeOwn freezes the memtable of who asks; false when it is empty
     */
    void failed(Ended ended, BooleanSupplier freezeOwn) {
        boolean over = arbiter.isOver(this);
        if (over) {
            turnover = new Turnover();
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

    /** Has the largest memtable of another store frozen that is larger than {@code ownBytes}, if that can help. */
    Freeze freezeLarger(long ownBytes) {
        return arbiter.freezeLarger(self, ownBytes, turnover::freeze);
    }

    /** Calls under way were waited for once more, and nothing came. */
    void waitedForCalls() {
        callRounds++;
    }

    boolean isOverdue() {
        return callRounds >= CALL_ROUNDS;
    }
}
