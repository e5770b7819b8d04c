package io.forebay.store.db.state;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** What the writer does inside the gate is seen as a whole, or not at all, by whoever enters after or before it. */
@JCStressTest
@Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "entered before the writer")
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "entered after the writer")
@Outcome(expect = Expect.FORBIDDEN, desc = "saw half of what was written inside")
@State
public class WriterGateStress {
    private final WriterGate gate = new WriterGate(false);
    private int first;
    private int second;

    @Actor
    public void writer() {
        gate.enterWriter();
        first = 1;
        second = 1;
        gate.leave();
    }

    @Actor
    public void other(II_Result seen) {
        gate.enterOther();
        seen.r1 = second;
        seen.r2 = first;
        gate.leave();
    }
}
