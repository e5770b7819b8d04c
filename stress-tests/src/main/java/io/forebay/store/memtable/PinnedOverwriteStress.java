package io.forebay.store.memtable;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * A pinned version outlives what is overwritten in place above it; who reads at a limit above the pin finds the version of
 * that limit, or is told that it was overwritten.
 */
@JCStressTest
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "the second write is not there yet")
@Outcome(id = "1, 2", expect = Expect.ACCEPTABLE, desc = "the second write")
@Outcome(
        id = "1, 9",
        expect = Expect.ACCEPTABLE,
        desc = "the second write was overwritten: the reader is told to try again")
@Outcome(expect = Expect.FORBIDDEN, desc = "the pinned version is gone, or a later version than the limit")
@State
public class PinnedOverwriteStress {
    private static final byte[] KEY = StressMemtables.key(1);

    private final Memtable memtable = StressMemtables.create();

    public PinnedOverwriteStress() {
        StressMemtables.put(memtable, KEY, 1, 1, 0);
    }

    @Actor
    public void writer() {
        StressMemtables.put(memtable, KEY, 2, 2, 1);
        StressMemtables.put(memtable, KEY, 3, 3, 1);
        StressMemtables.put(memtable, KEY, 4, 4, 1);
    }

    @Actor
    public void reader(II_Result seen) {
        seen.r1 = StressMemtables.get(memtable, KEY, 1, true);
        seen.r2 = StressMemtables.get(memtable, KEY, 2, false);
    }
}
