package io.forebay.store.db.state;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.Clock;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.version.TableCache;
import java.util.function.LongSupplier;

/** What the stores of one environment share. */
public record EngineResources(
        SlabPool pool,
        TableCache tables,
        BackgroundExecutor executor,
        Clock clock,
        LongSupplier ids,
        MemoryArbiter arbiter,
        CompactionOrder compactions,
        Phases phases,
        boolean leakTracking,
        EngineLimits limits) {}
