package io.forebay.store.memtable;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** A read at a published sequence number sees the range delete before it, and none behind it. */
@JCStressTest
@Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "before the first write")
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "the first value")
@Outcome(id = "2, 0", expect = Expect.ACCEPTABLE, desc = "deleted")
@Outcome(id = "3, 3", expect = Expect.ACCEPTABLE, desc = "the value behind the range delete")
@Outcome(expect = Expect.FORBIDDEN, desc = "not the state of the limit")
@State
public class TombstoneStress {
    private static final VarHandle PUBLISHED;
    private static final byte[] KEY = StressMemtables.key(1);
    private static final byte[] FROM = StressMemtables.key(0);
    private static final byte[] TO = StressMemtables.key(2);

    static {
        try {
            PUBLISHED = MethodHandles.lookup().findVarHandle(TombstoneStress.class, "published", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Memtable memtable = StressMemtables.create();
    private long published;

    @Actor
    public void writer() {
        // everything is pinned, so nothing is overwritten
        StressMemtables.put(memtable, KEY, 1, 1, 0);
        PUBLISHED.setRelease(this, 1L);
        memtable.deleteRange(FROM, TO, 2, 1);
        PUBLISHED.setRelease(this, 2L);
        StressMemtables.put(memtable, KEY, 3, 3, 2);
        PUBLISHED.setRelease(this, 3L);
    }

    @Actor
    public void reader(II_Result seen) {
        long limit = (long) PUBLISHED.getAcquire(this);
        seen.r1 = (int) limit;
        seen.r2 = StressMemtables.get(memtable, KEY, limit, true);
    }
}
