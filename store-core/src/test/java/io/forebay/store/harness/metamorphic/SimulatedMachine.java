package io.forebay.store.harness.metamorphic;

import io.forebay.store.Durability;
import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.RestoreSource;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.TestLimits;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.ManualClock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** What stores run on: an environment, directories, background work. It can stop dead, and start again. One thread. */
final class SimulatedMachine implements AutoCloseable {
    /** An open store and where its files are. */
    static final class Place {
        final String name;
        CrashFileStore files;
        Store store;
        /** True when a commit was made since the last one that was durable for sure. */
        boolean commitPending;

        Place(String name, CrashFileStore files) {
            this.name = name;
            this.files = files;
        }
    }

    private final OptionSet options;
    private final Hooks hooks;
    private final Random random;
    private final ManualClock clock = new ManualClock();
    private final Map<String, Place> places = new LinkedHashMap<>();
    private final List<CrashFileStore> directories = new ArrayList<>();
    private HeapSlabs slabs;
    /** Null when threads do the work. */
    private SeededExecutor executor;

    private Environment environment;
    private int openings;

    SimulatedMachine(OptionSet options, Hooks hooks) {
        this.options = options;
        this.hooks = hooks;
        random = new Random(options.seed());
        start();
    }

    private void start() {
        slabs = new HeapSlabs();
        Environment.Builder builder = TestLimits.tombstoneBytes(Environment.builder(), options.tombstoneBytes())
                .memoryBytes(options.memory())
                .allocator(slabs)
                .random(random::nextLong);
        if (options.background() == OptionSet.Background.THREADS) {
            executor = null;
        } else {
            executor = new SeededExecutor(clock, random, step -> hooks.trace("step " + step));
            builder.clock(clock).executor(executor);
        }
        environment = builder.build();
    }

    Map<String, Place> places() {
        return places;
    }

    Place create(String name) {
        Place place = new Place(name, directory());
        open(place);
        places.put(name, place);
        return place;
    }

    private void open(Place place) {
        place.store = hooks.store(environment.open(hooks.files(place.files), nextOptions(place.name)));
        place.commitPending = false;
    }

    Place restore(String name, List<RestoreSource> sources, byte[] payload) {
        Place place = new Place(name, directory());
        place.store = hooks.store(environment.restore(hooks.files(place.files), nextOptions(name), sources, payload));
        places.put(name, place);
        return place;
    }

    void reopen(Place place) {
        place.store.close();
        open(place);
    }

    void drop(Place place) {
        place.store.close();
        places.remove(place.name);
    }

    /** Power fails: everything that is open is gone, and each directory is what may be left of it. */
    void crash() {
        Environment before = environment;
        for (Place place : places.values()) {
            place.files = mappable(place.files.afterCrash(random));
            directories.add(place.files);
        }
        start();
        for (Place place : places.values()) {
            open(place);
        }
        // what the dead environment still does reaches only directories that nobody reads any more
        before.close();
    }

    /** A new directory for files of stores and checkpoints. */
    CrashFileStore directory() {
        CrashFileStore files = mappable(new CrashFileStore());
        directories.add(files);
        return files;
    }

    private CrashFileStore mappable(CrashFileStore files) {
        return options.mapped() ? files.mappable() : files;
    }

    FileStore visible(CrashFileStore files) {
        return hooks.files(files);
    }

    private StoreOptions nextOptions(String name) {
        return options.storeOptions(name, openings++, this::seconds);
    }

    /** Background work between two operations. */
    void betweenOperations() {
        switch (options.background()) {
            case STEPPED -> {
                for (int steps = random.nextInt(8) - 5; steps > 0; steps--) {
                    executor.step();
                }
            }
            case IMMEDIATE -> executor.drain();
            default -> {}
        }
    }

    void step(int count) {
        for (int i = 0; executor != null && i < count; i++) {
            executor.step();
        }
    }

    boolean logIsBuffered() {
        return options.durability() == Durability.BUFFERED;
    }

    void allowPauses(boolean allowed) {
        if (executor != null) {
            executor.allowPauses(allowed);
        }
    }

    boolean isWorking() {
        return executor != null && executor.isRunning();
    }

    /** Since the start, by the clock that tests move. */
    long seconds() {
        return clock.nanoTime() / 1_000_000_000L;
    }

    void tick(int seconds) {
        clock.advance(seconds * 1_000_000_000L);
    }

    /** Waits until {@code done}, while background work goes on. */
    void help() {
        if (executor != null) {
            executor.help();
        } else {
            Thread.onSpinWait();
        }
    }

    @Override
    public void close() {
        environment.close();
        if (environment.statistics().memoryPeak() > options.memory()) {
            throw new AssertionError(
                    "Peak memory " + environment.statistics().memoryPeak() + " of " + options.memory());
        }
        if (slabs.outstanding() != 0) {
            throw new AssertionError(slabs.outstanding() + " bytes of memory are left over");
        }
        int open = directories.stream().mapToInt(CrashFileStore::openReaders).sum();
        if (open != 0) {
            throw new AssertionError(open + " files are left open");
        }
        int mapped = directories.stream().mapToInt(CrashFileStore::mappings).sum();
        if (mapped != 0) {
            throw new AssertionError(mapped + " files are left mapped");
        }
    }
}
