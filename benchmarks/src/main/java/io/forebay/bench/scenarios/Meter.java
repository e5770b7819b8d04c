package io.forebay.bench.scenarios;

import io.forebay.bench.system.Files;
import io.forebay.bench.system.ProcessFigures;
import java.io.File;
import org.HdrHistogram.Histogram;

/** The watch of one work: it runs from its creation on. */
final class Meter {
    private static final long LONGEST = 60_000_000_000L;

    private final Histogram samples = new Histogram(LONGEST, 3);
    private final ProcessFigures before = ProcessFigures.now();
    private final long started = System.nanoTime();

    void sample(long nanos) {
        samples.recordValue(Math.min(LONGEST, nanos));
    }

    Measurement end(String work, long operations, long ingestedBytes, File directory) {
        return end(work, operations, System.nanoTime() - started, ingestedBytes, directory);
    }

    Measurement end(String work, long operations, long nanos, long ingestedBytes, File directory) {
        ProcessFigures after = ProcessFigures.now();
        return new Measurement(
                work,
                operations,
                nanos,
                samples.getValueAtPercentile(50),
                samples.getValueAtPercentile(99),
                samples.getValueAtPercentile(99.9),
                after.allocatedBytes() - before.allocatedBytes(),
                after.writtenBytes() - before.writtenBytes(),
                ingestedBytes,
                after.reads() - before.reads(),
                Files.size(directory),
                after.residentBytes(),
                after.pauseNanos() - before.pauseNanos());
    }
}
