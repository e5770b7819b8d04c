package io.forebay.bench.scenarios;

import io.forebay.bench.system.Files;
import io.forebay.bench.system.Pauses;
import io.forebay.bench.system.ProcessFigures;
import java.io.File;
import org.HdrHistogram.Histogram;

/** The watch of one work: it runs from its creation on. */
final class Meter {
    private static final long LONGEST = 60_000_000_000L;

    private final Histogram samples = new Histogram(LONGEST, 3);
    private final Pauses.Window pauses = Pauses.begin();
    private final ProcessFigures before = ProcessFigures.now();
    private final long started = System.nanoTime();

    private long sampled;

    void sample(long nanos) {
        samples.recordValue(Math.min(LONGEST, Math.max(0, nanos)));
        sampled += nanos;
    }

    /** Of all that was done since the watch began. */
    Measurement end(String work, long operations, long ingestedBytes, File directory) {
        long nanos = System.nanoTime() - started;
        ProcessFigures after = ProcessFigures.now();
        return new Measurement(
                work,
                Measurement.NANOS,
                nanos / (double) Math.max(1, operations),
                operations,
                nanos,
                percentile(50),
                percentile(99),
                percentile(99.9),
                percentile(100),
                Math.max(0, after.allocatedBytes() - before.allocatedBytes() - ProcessFigures.OWN_ALLOCATION),
                after.writtenBytes() - before.writtenBytes(),
                ingestedBytes,
                Math.max(0, after.reads() - before.reads() - ProcessFigures.OWN_READS),
                Math.max(0, after.readBytes() - before.readBytes() - ProcessFigures.OWN_READ_BYTES),
                Files.size(directory),
                after.residentBytes(),
                pauses.totalNanos(),
                pauses.longestNanos());
    }

    /** Of the samples alone: they were taken while another watch ran, which has the other figures. */
    Measurement ofSamples(String work) {
        long count = samples.getTotalCount();
        return Measurement.latencies(
                work,
                sampled / (double) Math.max(1, count),
                count,
                sampled,
                percentile(50),
                percentile(99),
                percentile(99.9),
                percentile(100));
    }

    private long percentile(double percent) {
        return samples.getTotalCount() == 0 ? Measurement.UNKNOWN : samples.getValueAtPercentile(percent);
    }
}
