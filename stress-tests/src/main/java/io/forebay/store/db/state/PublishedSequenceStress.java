package io.forebay.store.db.state;

import io.forebay.store.Environment;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.ValueBuffer;
import io.forebay.store.io.MemoryFileStore;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * Whoever sees a write sees all before it: two puts, the first of which fills the memtable, so that the second goes to the next
 * one. A store as its users have it, but that nothing is flushed.
 */
@JCStressTest
@Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "before both")
@Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "before the second")
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "after both")
@Outcome(expect = Expect.FORBIDDEN, desc = "the second without the first, or other bytes")
@State
public class PublishedSequenceStress {
    private static final Environment ENVIRONMENT = Environment.builder()
            .memoryBytes(256 << 20)
            .allocator(StressParts.POISON)
            .executor(new StressParts.IdleExecutor())
            .build();
    private static final int MEMTABLE_BYTES = 1024;
    private static final byte[] FIRST = {1};
    private static final byte[] SECOND = {2};

    private final Store store = ENVIRONMENT.open(
            new MemoryFileStore(),
            StoreOptions.builder().memtableBytes(MEMTABLE_BYTES).build());

    @Actor
    public void writer() {
        byte[] value = new byte[MEMTABLE_BYTES];
        value[MEMTABLE_BYTES - 1] = 1;
        store.put(FIRST, value);
        store.put(SECOND, value);
    }

    @Actor
    public void reader(II_Result seen) {
        ValueBuffer into = new ValueBuffer();
        seen.r1 = get(SECOND, into);
        seen.r2 = get(FIRST, into);
    }

    @Arbiter
    public void end() {
        store.discard();
    }

    private int get(byte[] key, ValueBuffer into) {
        if (!store.get(key, 0, key.length, into)) {
            return 0;
        }
        byte[] value = into.toByteArray();
        return value.length == MEMTABLE_BYTES ? value[MEMTABLE_BYTES - 1] : -1;
    }
}
