package io.forebay.store.db;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.CheckpointDescription;
import io.forebay.store.Clock;
import io.forebay.store.EnvironmentStatistics;
import io.forebay.store.FileStore;
import io.forebay.store.KeyProvider;
import io.forebay.store.RestoreSource;
import io.forebay.store.SlabAllocator;
import io.forebay.store.Store;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreOptions;
import io.forebay.store.VerificationReport;
import io.forebay.store.cache.BlockCache;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.checkpoint.CheckpointManifest;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.db.state.CompactionOrder;
import io.forebay.store.db.state.EngineResources;
import io.forebay.store.db.state.MemoryArbiter;
import io.forebay.store.db.state.Phases;
import io.forebay.store.io.MappedFiles;
import io.forebay.store.util.CallbackExecutor;
import io.forebay.store.util.Callbacks;
import io.forebay.store.util.DirectMemory;
import io.forebay.store.util.DirectSlabAllocator;
import io.forebay.store.util.Failures;
import io.forebay.store.util.SecureIds;
import io.forebay.store.util.SystemClock;
import io.forebay.store.util.SystemExecutor;
import io.forebay.store.verify.Verification;
import io.forebay.store.version.FileRegistry;
import io.forebay.store.version.TableCache;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The engine of one {@link Environment}: the shared memory, threads and clock, and the set of open stores. It opens and
 * restores stores, and closes the stores that are still open at its end. Thread-safe.
 */
public final class Engine {
    private static final Logger LOG = LoggerFactory.getLogger(Engine.class);

    private final long budget;
    /** Null when the host gives the memory. */
    private final DirectSlabAllocator memory;

    private final SlabPool pool;
    private final BlockCache cache;
    private final MappedFiles mapped;
    private final TableCache tables;
    private final BackgroundExecutor executor;
    private final EngineResources shared;
    private final Set<Store> stores = new LinkedHashSet<>();
    // Guarded by stores
    private int opening;
    private boolean closed;

    public Engine(EngineOptions options) {
        budget = options.memoryBytes();
        SlabAllocator allocator = options.allocator();
        long usable = budget;
        if (allocator == null) {
            String warning = DirectMemoryCheck.check(budget, DirectMemory.now());
            if (warning != null) {
                LOG.warn(warning);
            }
            usable = DirectSlabAllocator.usable(budget);
        }
        memory = allocator == null ? new DirectSlabAllocator(budget) : null;
        Clock clock = orElse(options.clock(), SystemClock::new);
        pool = new SlabPool(memory == null ? allocator : memory, usable, usable / 4 * 3, clock);
        cache = new BlockCache(pool);
        mapped = new MappedFiles(options.mapFiles(), clock);
        tables = new TableCache(cache, pool, options.maxOpenFiles(), mapped);
        executor = options.executor() == null
                ? new SystemExecutor(options.backgroundThreads(), "forebay")
                : new CallbackExecutor(options.executor(), "forebay");
        LongSupplier ids = orElse(options.random(), SecureIds::new);
        shared = new EngineResources(
                pool,
                tables,
                executor,
                clock,
                ids,
                new MemoryArbiter(pool, executor, clock),
                new CompactionOrder(executor),
                new Phases(),
                options.leakTracking(),
                options.limits());
        String version = Engine.class.getPackage().getImplementationVersion();
        LOG.info(
                "Forebay {}: an environment with a budget of {} bytes for all its stores, and {}",
                version == null ? "of a development build" : version,
                budget,
                options.executor() == null ? options.backgroundThreads() + " background threads" : "its own executor");
    }

    /** As {@link Environment#open}. */
    public Store open(FileStore files, StoreOptions options) {
        return track(new StoreOpener(shared, files, options, this::remove)::open);
    }

    /** As {@link Environment#restore}. */
    public Store restore(FileStore files, StoreOptions options, List<RestoreSource> sources, byte[] payload) {
        return track(() -> new StoreOpener(shared, files, options, this::remove).restore(sources, payload));
    }

    /**
     * As {@link Environment#describe(byte[], KeyProvider)}.
     *
     * @param keys null for none
     */
    public static CheckpointDescription describe(byte[] checkpointMetadata, KeyProvider keys) {
        return CheckpointManifest.decode(checkpointMetadata, Encryption.of(keys, false))
                .description();
    }

    /**
     * As {@link Environment#verify}.
     *
     * @param keys null for none
     */
    public VerificationReport verify(FileStore files, KeyProvider keys) {
        Encryption encryption = Encryption.of(keys, false);
        return Verification.of(
                files,
                encryption,
                () -> new FileRegistry(files, shared.tables(), shared.executor(), encryption),
                shared.clock());
    }

    public EnvironmentStatistics statistics() {
        int open;
        synchronized (stores) {
            open = stores.size();
        }
        return new EnvironmentStatistics(
                budget,
                pool.used(),
                pool.peak(),
                pool.used(SlabPool.Use.MEMTABLE),
                pool.used(SlabPool.Use.CACHE),
                pool.metadataBytes(),
                open,
                tables.size(),
                tables.misses(),
                tables.evictions(),
                tables.openFiles(),
                tables.fileOpens(),
                mapped.files(),
                mapped.bytes());
    }

    /**
     * Closes every store, even if the close of another one throws; at the end the first failure is thrown. Idempotent.
     */
    public void close() {
        Callbacks.checkNone("Environment.close()");
        List<Store> left;
        synchronized (stores) {
            if (closed) {
                return;
            }
            closed = true;
            awaitOpenings();
            left = new ArrayList<>(stores);
        }
        Failures failures = new Failures();
        left.forEach(store -> failures.collect(store::close));
        failures.collect(executor::close);
        failures.collect(this::closeCache);
        failures.rethrowUnchecked();
    }

    private void closeCache() {
        try {
            cache.close();
        } catch (IllegalStateException e) {
            LOG.warn("Reads are still under way, which will give back the rest of the memory as they end", e);
        }
        if (memory != null) {
            memory.close();
        }
    }

    private Store track(Supplier<StoreImpl> opener) {
        synchronized (stores) {
            if (closed) {
                throw new StoreClosedException("The environment is closed");
            }
            opening++;
        }
        StoreImpl store = null;
        boolean known = false;
        try {
            store = opener.get();
            opened(store);
            known = true;
            return store;
        } finally {
            try {
                if (store != null && !known) {
                    store.discard(); // no other code has a reference to the store
                }
            } finally {
                synchronized (stores) {
                    opening--;
                    stores.notifyAll();
                }
            }
        }
    }

    private void opened(Store store) {
        synchronized (stores) {
            stores.add(store);
        }
    }

    private void remove(Store store) {
        synchronized (stores) {
            stores.remove(store);
        }
    }

    /** Waits for stores that other threads are opening, so that the close of the engine can close them too. */
    private void awaitOpenings() {
        boolean interrupted = false;
        while (opening > 0) {
            try {
                stores.wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static <T> T orElse(T given, Supplier<T> byDefault) {
        return given != null ? given : byDefault.get();
    }
}
