package io.forebay.store.testing.crash;

import io.forebay.store.Environment;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.SteppedExecutor;

/** A process: an environment with little memory, whose work is stepped and whose file ids are a sequence. */
final class Machine {
    final ManualClock clock = new ManualClock();
    final SteppedExecutor executor = new SteppedExecutor(clock);
    final Environment environment;
    private final long firstId;
    private long nextId;

    /** @param ids different for machines that make files for one store */
    Machine(long ids) {
        firstId = ids << 32;
        nextId = firstId;
        environment = Environment.builder()
                .memoryBytes(1 << 20)
                .clock(clock)
                .executor(executor)
                .allocator(new HeapSlabs())
                .random(() -> nextId++)
                .build();
    }

    Store open(CrashFileStore files, StoreOptions options) {
        return environment.open(files, options);
    }

    /** Ids begin anew, for a directory that has none of this machine. */
    void forgetIds() {
        nextId = firstId;
    }
}
