package io.forebay.bench.scenarios;

import io.forebay.bench.system.Memory;
import io.forebay.bench.system.ProcessFigures;
import java.io.File;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/** One round of a scenario on one contender: what the scenario works with, and the watch. One thread. */
public final class Trial {
    /**
     * One operation in so many is timed by itself; the watch costs about as much as a fast get. Gaps are random, so that works
     * whose operations take turns have samples of them all.
     */
    private static final int SAMPLE = 16;

    private static final int[] PERCENTILES_PER_MILLE = {500, 990, 999};

    private static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(600);
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    /** One operation of a work, by number. */
    public interface Operation {
        void run(int number);
    }

    private final Contender contender;
    private final File directory;
    private final Scale scale;
    private final long seed;
    private final SplittableRandom random;
    private final Consumer<Measurement> results;

    /** @param directory empty; what the scenario leaves in it is deleted after the round */
    public Trial(Contender contender, File directory, Scale scale, long seed, Consumer<Measurement> results) {
        this.contender = contender;
        this.directory = directory;
        this.scale = scale;
        this.seed = seed;
        random = new SplittableRandom(seed);
        this.results = results;
    }

    /** The same trial in a directory of its own, which is created. */
    public Trial within(String name) {
        return new Trial(contender, newDirectory(name), scale, random(name).nextLong(), results);
    }

    /** Creates an empty directory within that of the trial. */
    public File newDirectory(String name) {
        File own = new File(directory, name);
        if (!own.mkdirs()) {
            throw new IllegalStateException("Cannot create " + own);
        }
        return own;
    }

    public Contender contender() {
        return contender;
    }

    public Scale scale() {
        return scale;
    }

    public File directory() {
        return directory;
    }

    /**
     * One source for the whole scenario. Contenders play the same operations as long as all play the same works; where one of
     * them may leave out a work, {@link #random(String)} keeps those after it the same.
     */
    public SplittableRandom random() {
        return random;
    }

    /** A source for one work: the same on every contender in this round, whatever they have played before. */
    public SplittableRandom random(String work) {
        return new SplittableRandom(new SplittableRandom(seed ^ (long) work.hashCode() << Integer.SIZE).nextLong());
    }

    /** Does {@code count} operations and reports them as one work. */
    public void measure(String work, int count, Operation operation) {
        measure(work, count, 0, operation);
    }

    /** @param ingestedBytes keys and values that the operations write together */
    public void measure(String work, int count, long ingestedBytes, Operation operation) {
        SplittableRandom gaps = new SplittableRandom(work.hashCode());
        int next = gaps.nextInt(Math.max(1, Math.min(count, SAMPLE)));
        Meter meter = new Meter();
        for (int i = 0; i < count; i++) {
            if (i == next) {
                long started = System.nanoTime();
                operation.run(i);
                meter.sample(System.nanoTime() - started);
                next += 1 + gaps.nextInt(2 * SAMPLE - 1);
            } else {
                operation.run(i);
            }
        }
        results.accept(meter.end(work, count, ingestedBytes, directory));
    }

    /** As {@link #measure}, of which each operation does {@code each} things that count; latencies are of the whole operation. */
    public void measureInGroups(String work, int count, int each, long ingestedBytes, Operation operation) {
        Meter meter = new Meter();
        for (int i = 0; i < count; i++) {
            long started = System.nanoTime();
            operation.run(i);
            meter.sample(System.nanoTime() - started);
        }
        results.accept(meter.end(work, (long) count * each, ingestedBytes, directory));
    }

    /** As {@link #measure}, timing every operation by itself: for long ones. */
    public void measureEach(String work, int count, Operation operation) {
        measureInGroups(work, count, 1, 0, operation);
    }

    /** Times one action that does {@code operations} at once. */
    public void time(String work, long operations, long ingestedBytes, Runnable action) {
        Meter meter = new Meter();
        action.run();
        results.accept(meter.end(work, operations, ingestedBytes, directory));
    }

    /** Reports durations in nanoseconds that were taken within another work. */
    public void report(String work, List<Long> samples) {
        Meter own = new Meter();
        samples.forEach(own::sample);
        results.accept(own.ofSamples(work));
    }

    /** Reports the percentiles of durations in nanoseconds that were taken within another work, each as a row of its own. */
    public void reportPercentiles(String work, long[] samples) {
        long[] sorted = samples.clone();
        Arrays.sort(sorted);
        for (int perMille : PERCENTILES_PER_MILLE) {
            String percent = perMille % 10 == 0 ? "" + perMille / 10 : perMille / 10 + "." + perMille % 10;
            int index = (int) (((long) sorted.length * perMille + 999) / 1000) - 1;
            figure(work + ", p" + percent, "ns at the percentile", sorted[Math.max(0, index)]);
        }
    }

    /** Reports a figure that is no time and of which less is better. */
    public void figure(String work, String unit, double value) {
        results.accept(Measurement.figure(work, unit, value));
    }

    /**
     * Reports how much memory the process needs with what is open now: live objects, and all that is resident beside the heap; and
     * how much of it is the process's own, and how much pages of files.
     */
    public void memory(String work) {
        Memory memory = Memory.live();
        figure(work, "MB", megabytes(memory.bytes()));
        figure(work + ", heap and anonymous", "MB", megabytes(memory.heapBytes() + memory.anonymousBytes()));
        figure(work + ", file-backed", "MB", megabytes(memory.fileBytes()));
    }

    private static double megabytes(long bytes) {
        return bytes / (double) (1 << 20);
    }

    /** Bytes that this process has handed to the operating system up to now. */
    public long writtenBytes() {
        return ProcessFigures.now().writtenBytes();
    }

    /**
     * Returns when the process has written nothing for a while, so that flushes and compactions that were due have ended.
     *
     * @return when it was last seen to write, as of {@link System#nanoTime()}; the time of the call if it did not
     */
    public long awaitQuiet() {
        long written = writtenBytes();
        long since = System.nanoTime();
        while (System.nanoTime() - since < QUIET_NANOS) {
            LockSupport.parkNanos(POLL_NANOS);
            long now = writtenBytes();
            if (now != written) {
                written = now;
                since = System.nanoTime();
            }
        }
        return since;
    }

    /** @throws IllegalStateException when {@code right} is false, which ends the round as failed */
    public static void check(boolean right, String what) {
        if (!right) {
            throw new IllegalStateException("The store gave a wrong answer: " + what);
        }
    }
}
