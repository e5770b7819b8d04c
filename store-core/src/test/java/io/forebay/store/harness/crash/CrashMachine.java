package io.forebay.store.harness.crash;

import io.forebay.store.Clock;
import io.forebay.store.Environment;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.SteppedExecutor;
import io.forebay.store.testing.StepwiseExecutor;
import io.forebay.store.testing.Turns;
import io.forebay.store.testing.TurnsExecutor;

/** A process: an environment with little memory, whose work a test drives and whose file ids are a sequence. */
final class CrashMachine {
    final ManualClock clock = new ManualClock();
    final StepwiseExecutor executor;
    final Environment environment;
    private final long firstId;
    private long nextId;

    /** @param ids different for machines that make files for one store */
    CrashMachine(long ids) {
        this(ids, null);
    }

    /** @param turns whom background work takes turns with; null to run it on the thread that waits for it */
    CrashMachine(long ids, Turns turns) {
        executor = turns == null ? new SteppedExecutor(clock) : new TurnsExecutor(turns, clock);
        firstId = ids << 32;
        nextId = firstId;
        environment = Environment.builder()
                .memoryBytes(1 << 20)
                .clock(turns == null ? clock : new TurningClock(clock, turns))
                .executor(executor)
                .allocator(new HeapSlabs())
                .random(() -> nextId++)
                .build();
    }

    /** Looks at the clock are turn points as well: there is one in every flush, and at every commit. */
    private record TurningClock(ManualClock clock, Turns turns) implements Clock {
        @Override
        public long nanoTime() {
            turns.pause();
            return clock.nanoTime();
        }

        @Override
        public long currentTimeMillis() {
            turns.pause();
            return clock.currentTimeMillis();
        }
    }

    Store open(CrashFileStore files, StoreOptions options) {
        return environment.open(files, options);
    }

    /** Ids begin anew, for a directory that has none of this machine. */
    void forgetIds() {
        nextId = firstId;
    }
}
