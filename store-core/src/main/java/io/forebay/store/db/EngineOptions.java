package io.forebay.store.db;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.Clock;
import io.forebay.store.SlabAllocator;
import io.forebay.store.db.state.EngineLimits;
import java.util.function.LongSupplier;

/**
 * The options that an engine is made with. The builder of the environment has checked them.
 *
 * @param memoryBytes the budget
 * @param backgroundThreads threads of the default executor
 * @param maxOpenFiles SSTs that stay open for reading
 * @param clock null for the clock of the system
 * @param executor null for daemon threads of the engine; the engine closes the executor in any case
 * @param allocator null for direct memory
 * @param random source of file ids; null for a secure source
 * @param mapFiles whether local files are read in place, where the JDK can unmap them
 * @param leakTracking whether iterators, snapshots, checkpoints and ingests remember where they were opened
 * @param limits {@link EngineLimits#DEFAULT}, except in tests
 */
public record EngineOptions(
        long memoryBytes,
        int backgroundThreads,
        int maxOpenFiles,
        Clock clock,
        BackgroundExecutor executor,
        SlabAllocator allocator,
        LongSupplier random,
        boolean mapFiles,
        boolean leakTracking,
        EngineLimits limits) {}
