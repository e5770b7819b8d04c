package io.forebay.store.memtable;

import io.forebay.store.key.InternalIterator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Who opens an iterator links what was written so far: each of two readers walks whole keys in order, the old ones all. */
@JCStressTest
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "in order, and nothing is missing")
@Outcome(expect = Expect.FORBIDDEN, desc = "a key is missing, torn, or out of order")
@State
public class LazyLinkStress {
    /** Even numbers are there before. */
    private static final int OLD_KEYS = 8;

    private final Memtable memtable = StressMemtables.create();

    public LazyLinkStress() {
        for (int i = 0; i < OLD_KEYS; i++) {
            StressMemtables.put(memtable, StressMemtables.key(2 * i), 1, i + 1, 0);
        }
    }

    /** Two actors and no more: jcstress leaves out, without a word, a test that needs more processors than there are. */
    @Actor
    public void writer(II_Result seen) {
        int result = 1;
        for (int i = 0; i < 4; i++) {
            StressMemtables.put(memtable, StressMemtables.key(2 * i + 1), 1, OLD_KEYS + i + 1, OLD_KEYS);
            if (i % 2 == 0) {
                result = Math.min(result, walk());
            }
        }
        seen.r1 = result;
    }

    @Actor
    public void reader(II_Result seen) {
        seen.r2 = walk();
    }

    private int walk() {
        InternalIterator iterator = memtable.iterator(OLD_KEYS + 2);
        try {
            int old = 0;
            int before = -1;
            for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                int number = ByteBuffer.wrap(iterator.key()).getInt();
                if (number <= before) {
                    return -1;
                }
                old += number % 2 == 0 ? 1 : 0;
                before = number;
            }
            return old == OLD_KEYS ? 1 : 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            iterator.close();
        }
    }
}
