package io.forebay.store.db.state;

import io.forebay.store.ValueBuffer;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.key.KeyHash;
import io.forebay.store.memtable.Memtable;
import io.forebay.store.util.SystemClock;
import io.forebay.store.version.Version;
import java.util.Arrays;
import java.util.List;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** The memory of a read state stays while somebody holds it, although the memtable is frozen and flushed meanwhile. */
@JCStressTest
@Outcome(id = "7", expect = Expect.ACCEPTABLE, desc = "in memory")
@Outcome(id = "0", expect = Expect.ACCEPTABLE, desc = "flushed before")
@Outcome(expect = Expect.FORBIDDEN, desc = "memory that was given back")
@State
public class ReadStateStress {
    private static final byte[] KEY = {1, 2, 3};
    private static final long HASH = KeyHash.of(KEY, 0, KEY.length);
    private static final int VALUE_BYTES = 40;

    private final SlabPool pool = new SlabPool(StressParts.POISON, 1 << 20);
    private final Version version = new Version(List.of());
    private final ReadStates states;

    public ReadStateStress() {
        Memtable memtable = new Memtable(pool, null);
        byte[] value = new byte[VALUE_BYTES];
        Arrays.fill(value, (byte) 7);
        memtable.ensureRoom(KEY.length, value.length);
        memtable.put(HASH, KEY, 0, KEY.length, value, 0, value.length, 1, 0);
        states = new ReadStates(
                new Lifecycle("stress"),
                new MemoryArbiter(pool, new StressParts.IdleExecutor(), new SystemClock()),
                new TrackedMemtable(memtable, 1),
                version);
    }

    @Actor
    public void background() {
        states.freeze(new TrackedMemtable(new Memtable(pool, null), 2), 1, 1, null);
        states.install(version, states.nextFlush());
    }

    @Actor
    public void reader(I_Result seen) {
        ReadState state = states.acquire();
        int value = get(state.active);
        for (TrackedMemtable table : state.immutable) {
            value = Math.max(value, get(table));
        }
        seen.r1 = value;
        state.release();
    }

    private static int get(TrackedMemtable table) {
        ValueBuffer into = new ValueBuffer();
        if (table.memtable.getNewest(HASH, KEY, 0, KEY.length, 1, into) != Memtable.FOUND) {
            return 0;
        }
        byte[] bytes = into.toByteArray();
        for (byte one : bytes) {
            if (one != bytes[0] || bytes.length != VALUE_BYTES) {
                return -1;
            }
        }
        return bytes[0];
    }
}
