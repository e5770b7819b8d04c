package io.forebay.bench.scenarios;

import io.forebay.bench.engines.Ability;
import io.forebay.bench.engines.Engine;
import io.forebay.bench.engines.EngineKind;
import io.forebay.bench.engines.Setup;
import java.io.File;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/** One round of a scenario on one engine: what the scenario works with, and the watch. */
public final class Trial {
    /** One operation in so many is timed by itself; the watch costs about as much as a fast get. */
    private static final int SAMPLE = 16;

    /** One operation of a work, by number. */
    interface Operation {
        void run(int number);
    }

    private final EngineKind kind;
    private final File directory;
    private final Scale scale;
    private final SplittableRandom random;
    private final Consumer<Measurement> results;
    private Meter meter;

    /** @param directory empty; its neighbours may be used too */
    public Trial(EngineKind kind, File directory, Scale scale, long seed, Consumer<Measurement> results) {
        this.kind = kind;
        this.directory = directory;
        this.scale = scale;
        random = new SplittableRandom(seed);
        this.results = results;
    }

    /** The same trial in a directory of its own. */
    Trial within(String name) {
        File own = new File(directory, name);
        if (!own.mkdirs()) {
            throw new IllegalStateException("Cannot create " + own);
        }
        return new Trial(kind, own, scale, random.nextLong(), results);
    }

    EngineKind kind() {
        return kind;
    }

    Scale scale() {
        return scale;
    }

    File directory() {
        return directory;
    }

    SplittableRandom random() {
        return random;
    }

    Engine open(Setup setup) {
        File store = new File(directory, "store");
        if (!store.mkdirs()) {
            throw new IllegalStateException("Cannot create " + store);
        }
        return kind.open(store, setup);
    }

    /** Does {@code count} operations and reports them as one work. */
    void measure(String work, int count, Operation operation) {
        measure(work, count, 0, operation);
    }

    void measure(String work, int count, long ingestedBytes, Operation operation) {
        begin();
        for (int i = 0; i < count; i++) {
            if (i % SAMPLE == 0) {
                long started = System.nanoTime();
                operation.run(i);
                meter.sample(System.nanoTime() - started);
            } else {
                operation.run(i);
            }
        }
        end(work, count, ingestedBytes);
    }

    /** As {@link #measure}, timing every operation by itself: for few and long ones. */
    void measureEach(String work, int count, Operation operation) {
        begin();
        for (int i = 0; i < count; i++) {
            long started = System.nanoTime();
            operation.run(i);
            meter.sample(System.nanoTime() - started);
        }
        end(work, count, 0);
    }

    /** Times one action that does {@code operations} at once. */
    void time(String work, long operations, long ingestedBytes, Runnable action) {
        begin();
        action.run();
        end(work, operations, ingestedBytes);
    }

    /** Reports samples that were taken within another work, a duration in nanoseconds each. */
    void report(String work, List<Long> samples) {
        Meter own = new Meter();
        long sum = 0;
        for (long sample : samples) {
            own.sample(sample);
            sum += sample;
        }
        results.accept(own.end(work, samples.size(), sum, 0, directory));
    }

    private void begin() {
        meter = new Meter();
    }

    private void end(String work, long operations, long ingestedBytes) {
        results.accept(meter.end(work, operations, ingestedBytes, directory));
    }

    boolean can(Ability ability) {
        return kind.can(Set.of(ability));
    }

    static void check(boolean right, String what) {
        if (!right) {
            throw new IllegalStateException("The store gave a wrong answer: " + what);
        }
    }
}
