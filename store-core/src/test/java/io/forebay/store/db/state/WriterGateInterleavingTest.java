package io.forebay.store.db.state;

import io.forebay.store.testing.Interleavings;
import org.jetbrains.lincheck.datastructures.Operation;
import org.junit.jupiter.api.Test;

/** Whoever is inside the gate is alone, and sees all that was done in it before. */
public class WriterGateInterleavingTest {
    private final WriterGate gate = new WriterGate(true);
    private int first;
    private int second;

    @Operation
    public int write() {
        gate.enterWriter();
        try {
            first++;
            second++;
            return first;
        } finally {
            gate.leave();
        }
    }

    @Operation
    public int read() {
        gate.enterOther();
        try {
            return first == second ? first : -1;
        } finally {
            gate.leave();
        }
    }

    /** Whether it gets in depends on the others, what it sees inside does not. */
    @Operation
    public boolean tryRead() {
        if (gate.tryEnterOther()) {
            try {
                return first == second;
            } finally {
                gate.leave();
            }
        }
        return true;
    }

    @Test
    void everyOrder() {
        Interleavings.check(WriterGateInterleavingTest.class, Specification.class, 3);
    }

    /** What the operations answer, one after the other. */
    public static class Specification {
        private int writes;

        public int write() {
            return ++writes;
        }

        public int read() {
            return writes;
        }

        public boolean tryRead() {
            return true;
        }
    }
}
