package io.forebay.store.testing;

import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import java.util.Random;

/** An environment whose clock and background work stand still until a test moves them. */
public final class SteppedEnvironment implements AutoCloseable {
    public final ManualClock clock = new ManualClock();
    public final SteppedExecutor executor = new SteppedExecutor(clock);
    public final HeapSlabs slabs = new HeapSlabs();
    public final Environment environment;

    public SteppedEnvironment() {
        this(16 << 20);
    }

    public SteppedEnvironment(long memoryBytes) {
        this(memoryBytes, new Random(7));
    }

    /** @param ids what names files; a directory that several environments write to needs different ones */
    public SteppedEnvironment(long memoryBytes, Random ids) {
        environment = Environment.builder()
                .memoryBytes(memoryBytes)
                .clock(clock)
                .executor(executor)
                .allocator(slabs)
                .random(ids::nextLong)
                .build();
    }

    public Store open(FileStore files) {
        return open(files, StoreOptions.builder());
    }

    public Store open(FileStore files, StoreOptions.Builder options) {
        return environment.open(files, options.name("test").build());
    }

    @Override
    public void close() {
        environment.close();
    }
}
