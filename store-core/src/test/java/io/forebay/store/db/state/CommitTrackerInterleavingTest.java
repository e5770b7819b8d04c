package io.forebay.store.db.state;

import io.forebay.store.testing.Interleavings;
import org.jetbrains.lincheck.datastructures.Operation;
import org.junit.jupiter.api.Test;

/** Flushes make commits durable in any order; the newest durable one never goes back, nor past the newest one. */
public class CommitTrackerInterleavingTest {
    private static final byte[] PAYLOAD = {};

    private final WriterGate gate = new WriterGate(false);
    private final CommitTracker commits = new CommitTracker(new CommitMark(0, PAYLOAD, 0, 0));

    @Operation(nonParallelGroup = "writer")
    public long commit() {
        gate.enterWriter();
        try {
            commits.mark(commits.last().sequence() + 1, PAYLOAD, 0);
            return commits.last().number();
        } finally {
            gate.leave();
        }
    }

    /** Two threads may do this at once: a flush and an ingest. */
    @Operation
    public boolean flush() {
        CommitMark newest = commits.last();
        commits.becameDurable(newest);
        return commits.isDurable(newest);
    }

    @Operation
    public boolean isOrdered() {
        long durable = commits.durable().number();
        long later = commits.durable().number();
        return durable <= later && later <= commits.last().number();
    }

    /** A mark that was found durable stays so. */
    @Operation
    public boolean isSettled() {
        CommitMark durable = commits.durable();
        return commits.isDurable(durable);
    }

    @Test
    void everyOrder() {
        Interleavings.check(CommitTrackerInterleavingTest.class, Specification.class, 3);
    }

    /** What the operations answer, one after the other. */
    public static class Specification {
        private long commits;

        public long commit() {
            return ++commits;
        }

        public boolean flush() {
            return true;
        }

        public boolean isOrdered() {
            return true;
        }

        public boolean isSettled() {
            return true;
        }
    }
}
