package io.forebay.store.db;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.Clock;
import io.forebay.store.cache.BlockCache;
import io.forebay.store.cache.SlabPool;
import java.util.function.LongSupplier;

/** What the stores of one environment share. */
record EngineResources(
        SlabPool pool,
        BlockCache cache,
        BackgroundExecutor executor,
        Clock clock,
        LongSupplier ids,
        MemoryArbiter arbiter,
        boolean leakTracking,
        EngineLimits limits) {}
