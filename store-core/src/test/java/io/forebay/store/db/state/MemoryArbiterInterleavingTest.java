package io.forebay.store.db.state;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.SlabAllocator;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.key.KeyHash;
import io.forebay.store.memtable.Memtable;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.Interleavings;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.version.Version;
import java.util.List;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/**
 * Two stores whose writers need the memory that the other one's memtable has. A writer gets it, after a flush, a reader or a
 * close has given it back; none is told that there is no memory while it is about to come, and none waits for what has come.
 * The stores have real read states and memtables, and wait for room as {@code MemtableRoom} does.
 */
public class MemoryArbiterInterleavingTest {
    private static final byte[] KEY = {1};
    private static final long HASH = KeyHash.of(KEY, 0, KEY.length);
    private static final byte[] VALUE = {2};
    /** A memtable takes two: one for records, one for the index. */
    private static final int SLABS = 3;

    private final SlabPool pool = new SlabPool(new HeapSlabs(), (long) SLABS * SlabAllocator.SLAB_BYTES);
    private final Flushes flushes = new Flushes();
    private final MemoryArbiter arbiter = new MemoryArbiter(pool, flushes, new ManualClock());

    private final Shop first = new Shop();
    private final Shop second = new Shop();

    @Operation(nonParallelGroup = "first")
    public boolean writeFirst() {
        return first.write();
    }

    @Operation(nonParallelGroup = "second")
    public boolean writeSecond() {
        return second.write();
    }

    @Operation(nonParallelGroup = "second")
    public void closeSecond() {
        second.close();
    }

    /** Keeps the memtables of a moment in memory, though they may be flushed. */
    @Operation
    public boolean readFirst() {
        ReadState state = first.states.acquire();
        try {
            return state.active.memtable.entries() <= 1;
        } finally {
            state.release();
        }
    }

    /** As a thread of the background. */
    @Operation
    public void flush() {
        flushes.help();
    }

    @Validate
    public void nothingIsLost() {
        while (flushes.help()) {
            // all that is due
        }
        first.close();
        second.close();
        if (pool.used() != 0) {
            throw new AssertionError(pool.used() + " bytes were not given back");
        }
    }

    @Test
    void everyOrder() {
        Interleavings.check(
                MemoryArbiterInterleavingTest.class,
                Specification.class,
                2,
                150,
                name -> name.startsWith("io.forebay.store.memtable.") || name.startsWith("io.forebay.store.cache."));
    }

    private TrackedMemtable memtable(long firstSequence) {
        return new TrackedMemtable(new Memtable(pool, null), firstSequence);
    }

    private final class Shop implements MemoryTenant {
        private final Lifecycle lifecycle = new Lifecycle("model");
        private final WriterGate gate = new WriterGate(false);
        final ReadStates states;
        private long written;
        private volatile boolean closed;

        Shop() {
            Version empty = new Version(List.of());
            states = new ReadStates(lifecycle, arbiter, memtable(1), empty);
            arbiter.add(this);
        }

        /** @return false when the store is closed */
        boolean write() {
            if (closed) {
                return false;
            }
            gate.enterWriter();
            try {
                if (!active().ensureRoom(KEY.length, VALUE.length)) {
                    waitForRoom();
                }
                written++;
                active().put(HASH, KEY, 0, KEY.length, VALUE, 0, VALUE.length, written, written - 1);
                if (arbiter.shouldFreeze(this)) {
                    freeze();
                }
                return true;
            } finally {
                gate.leave();
            }
        }

        private void waitForRoom() {
            MemoryArbiter.Ended ended = MemoryArbiter.Ended.CAME;
            arbiter.refused();
            MemoryRequest request = new MemoryRequest(arbiter, this, "a write", 2L * SlabAllocator.SLAB_BYTES);
            while (!arbiter.tryAgain(() -> active().ensureRoom(KEY.length, VALUE.length))) {
                request.failed(ended, this::freeze); // nobody is inside the other gate for ever: memory is on its way
                if (request.freezeLarger(active().heldBytes()) != MemoryArbiter.Freeze.DONE) {
                    freeze();
                }
                gate.leave();
                try {
                    ended = arbiter.await(request, false, () -> {});
                } finally {
                    gate.enterWriter();
                }
                request.attempting();
            }
        }

        private Memtable active() {
            return states.active().memtable;
        }

        private boolean freeze() {
            if (states.active().firstSequence > written) {
                return false;
            }
            states.freeze(memtable(written + 1), written, written, null);
            flushes.execute(BackgroundExecutor.Kind.FLUSH, this::flushAll);
            return true;
        }

        /** One at a time in each store. */
        private synchronized void flushAll() {
            List<TrackedMemtable> batch = states.nextFlush();
            if (!batch.isEmpty()) {
                Version version = new Version(List.of());
                states.install(version, batch);
                version.release();
            }
        }

        /** In the order of {@code StoreCloser}. */
        void close() {
            if (!closed) {
                closed = true;
                arbiter.wakeAll();
                gate.enterOther();
                gate.leave();
                synchronized (this) {
                    states.close();
                }
                arbiter.remove(this);
            }
        }

        @Override
        public long activeBytes() {
            return states.activeBytes();
        }

        @Override
        public boolean awaitsFlush() {
            return states.immutableCount() > 0 || (closed && states.activeBytes() > 0);
        }

        @Override
        public long activeSince() {
            return states.activeSince();
        }

        @Override
        public boolean hasGivenBack(long since) {
            return !(closed && awaitsFlush()) && states.hasGivenBack(since);
        }

        @Override
        public int harmlessStates() {
            return states.harmlessStates();
        }

        @Override
        public String busyStore() {
            return gate.isTaken() ? "model" : null;
        }

        @Override
        public MemoryArbiter.Freeze tryFreeze() {
            if (!gate.tryEnterOther()) {
                return MemoryArbiter.Freeze.BUSY;
            }
            try {
                return !closed && freeze() ? MemoryArbiter.Freeze.DONE : MemoryArbiter.Freeze.NOTHING;
            } finally {
                gate.leave();
            }
        }
    }

    /** Work that is done by whoever waits for it, or by a thread that does nothing else. */
    private static final class Flushes implements BackgroundExecutor {
        private Runnable[] due = {};

        @Override
        public synchronized void execute(Kind kind, Runnable work) {
            Runnable[] more = new Runnable[due.length + 1];
            System.arraycopy(due, 0, more, 0, due.length);
            more[due.length] = work;
            due = more;
        }

        private synchronized Runnable take() {
            if (due.length == 0) {
                return null;
            }
            Runnable first = due[0];
            Runnable[] rest = new Runnable[due.length - 1];
            System.arraycopy(due, 1, rest, 0, rest.length);
            due = rest;
            return first;
        }

        @Override
        public boolean help() {
            Runnable work = take();
            if (work == null) {
                return false;
            }
            work.run();
            return true;
        }

        @Override
        public Runnable schedule(long delayNanos, Runnable work) {
            throw new IllegalStateException("no timer is expected");
        }

        @Override
        public void close() {}
    }

    /** What the operations answer, one after the other. */
    public static class Specification {
        private boolean closed;

        public boolean writeFirst() {
            return true;
        }

        public boolean writeSecond() {
            return !closed;
        }

        public void closeSecond() {
            closed = true;
        }

        public boolean readFirst() {
            return true;
        }

        public void flush() {}
    }
}
