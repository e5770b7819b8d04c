package io.forebay.store.memtable;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** A key that is in the hash index is found while its segment is split, whether it stays or moves. */
@JCStressTest
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "both keys")
@Outcome(expect = Expect.FORBIDDEN, desc = "a key was not found, or with other bytes")
@State
public class HashSplitStress {
    /** One key less than what splits the only segment. */
    private static final int KEYS = 6143;

    private final Memtable memtable = StressMemtables.create();

    public HashSplitStress() {
        for (int i = 0; i < KEYS; i++) {
            StressMemtables.put(memtable, StressMemtables.key(i), 1, i + 1, 0);
        }
    }

    @Actor
    public void writer() {
        for (int i = KEYS; i < KEYS + 4; i++) {
            StressMemtables.put(memtable, StressMemtables.key(i), 1, i + 1, 0);
        }
    }

    @Actor
    public void reader(II_Result seen) {
        seen.r1 = StressMemtables.get(memtable, StressMemtables.key(0), KEYS, true);
        seen.r2 = StressMemtables.get(memtable, StressMemtables.key(KEYS - 1), KEYS, true);
    }
}
