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

    void sample(long nanos) {
        samples.recordValue(Math.min(LONGEST, Math.max(0, nanos)));
    }

    Measurement end(String work, long operations, long ingestedBytes, File directory) {
        return end(work, operations, System.nanoTime() - started, ingestedBytes, directory);
    }

    Measurement end(String work, long operations, long nanos, long ingestedBytes, File directory) {
        ProcessFigures after = ProcessFigures.now();
        return new Measurement(
                work,
                Measurement.NANOS,
                nanos / (double) Math.max(1, operations),
                operations,
                nanos,
                samples.getValueAtPercentile(50),
                samples.getValueAtPercentile(99),
                samples.getValueAtPercentile(99.9),
                samples.getMaxValue(),
                Math.max(0, after.allocatedBytes() - before.allocatedBytes() - ProcessFigures.OWN_ALLOCATION),
                after.writtenBytes() - before.writtenBytes(),
                ingestedBytes,
                Math.max(0, after.reads() - before.reads() - ProcessFigures.OWN_READS),
                after.readBytes() - before.readBytes(),
                Files.size(directory),
                after.residentBytes(),
                pauses.totalNanos(),
                pauses.longestNanos());
    }
}
