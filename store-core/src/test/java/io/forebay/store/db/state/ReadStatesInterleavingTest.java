package io.forebay.store.db.state;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.ValueBuffer;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.key.KeyHash;
import io.forebay.store.key.PointLookup;
import io.forebay.store.memtable.Memtable;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.Interleavings;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.SteppedExecutor;
import io.forebay.store.version.Version;
import java.nio.ByteBuffer;
import java.util.List;
import org.jetbrains.lincheck.datastructures.Operation;
import org.junit.jupiter.api.Test;

/**
 * The state that a reader holds has every write of before once, in a memtable or in the files, and its memory stays while it
 * is held. One key, whose values are the sequence numbers; what the files hold of it is remembered beside the version.
 */
public class ReadStatesInterleavingTest {
    private static final byte[] KEY = {1};
    private static final long HASH = KeyHash.of(KEY, 0, KEY.length);

    private final SlabPool pool = new SlabPool(new HeapSlabs(), 4 << 20);
    private final ManualClock clock = new ManualClock();
    private final BackgroundExecutor executor = new SteppedExecutor(clock);
    private final MemoryArbiter arbiter = new MemoryArbiter(pool, executor, clock);
    private final WriterGate gate = new WriterGate(false);
    private final ReadStates states;
    private volatile long published;
    /** Versions and what they hold, newest first. */
    private volatile List<Files> files;

    private record Files(Version version, long newest) {}

    public ReadStatesInterleavingTest() {
        Version empty = new Version(List.of());
        files = List.of(new Files(empty, 0));
        states = new ReadStates(new Lifecycle("model"), arbiter, memtable(1), empty);
    }

    @Operation(nonParallelGroup = "writer")
    public long write() {
        gate.enterWriter();
        try {
            put();
            published++;
            return published;
        } finally {
            gate.leave();
        }
    }

    @Operation(nonParallelGroup = "writer")
    public void freeze() {
        gate.enterWriter();
        try {
            states.freeze(memtable(published + 1), published, published, null);
        } finally {
            gate.leave();
        }
    }

    @Operation(nonParallelGroup = "flush")
    public void flush() {
        List<TrackedMemtable> flushed = states.nextFlush();
        if (!flushed.isEmpty()) {
            Version version = new Version(List.of());
            long newest = flushed.get(flushed.size() - 1).lastSequence();
            files = List.of(new Files(version, newest), files.get(0));
            states.install(version, flushed);
        }
    }

    @Operation
    public long read() {
        ReadState state = states.acquire();
        try {
            return newest(state, published);
        } finally {
            state.release();
        }
    }

    private void put() {
        Memtable table = states.active().memtable;
        if (!table.ensureRoom(KEY.length, Long.BYTES)) {
            throw new AssertionError("no room");
        }
        byte[] value = ByteBuffer.allocate(Long.BYTES).putLong(published + 1).array();
        table.put(HASH, KEY, 0, KEY.length, value, 0, value.length, published + 1, published);
    }

    private long newest(ReadState state, long limit) {
        ValueBuffer value = new ValueBuffer();
        if (isIn(state.active, limit, value)) {
            return value(value);
        }
        for (TrackedMemtable table : state.immutable) {
            if (isIn(table, limit, value)) {
                return value(value);
            }
        }
        return files.stream()
                .filter(candidate -> candidate.version == state.version)
                .findFirst()
                .orElseThrow()
                .newest;
    }

    private static boolean isIn(TrackedMemtable table, long limit, ValueBuffer into) {
        PointLookup lookup = new PointLookup();
        lookup.start(KEY, 0, KEY.length, HASH, limit, into);
        return table.memtable.get(lookup, true) == Memtable.SETTLED && lookup.isFound();
    }

    private static long value(ValueBuffer value) {
        return ByteBuffer.wrap(value.toByteArray()).getLong();
    }

    private TrackedMemtable memtable(long firstSequence) {
        return new TrackedMemtable(new Memtable(pool, null), firstSequence);
    }

    @Test
    void everyOrder() {
        Interleavings.check(ReadStatesInterleavingTest.class, Specification.class, 3);
    }

    /** What the operations answer, one after the other. */
    public static class Specification {
        private long published;

        public long write() {
            return ++published;
        }

        public void freeze() {}

        public void flush() {}

        public long read() {
            return published;
        }
    }
}
