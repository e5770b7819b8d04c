package io.forebay.bench.scenarios;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TrialTest {
    private static final Contender NOBODY = new Contender("nobody", "Nobody");

    /** Written by the work, so that its arrays are really made. */
    private static volatile Object sink;

    @TempDir
    File directory;

    private final List<Measurement> measurements = new ArrayList<>();

    private Trial trial() {
        return new Trial(NOBODY, directory, new Scale(1000, 10), 1, measurements::add);
    }

    @Test
    void allocationIsThatOfTheWork() {
        // The first times make what the watch itself needs once.
        for (int i = 0; i < 3; i++) {
            trial().measure("arrays", 100_000, n -> sink = new byte[1000]);
        }
        Measurement last = measurements.get(2);
        assertThat(last.allocatedBytes() / 100_000).isBetween(1000L, 1040L);
        trial().measure("nothing", 100_000, n -> {});
        assertThat(measurements.get(3).allocatedBytes()).isLessThan(100_000);
    }

    @Test
    void inputAndOutputAreThoseOfTheWork() {
        assumeThat(new File("/proc/self/io")).exists();
        File file = new File(directory, "file");
        trial().measureInGroups("files", 10, 100, 1 << 20, n -> {
            try {
                Files.write(file.toPath(), new byte[1 << 20]);
                Files.readAllBytes(file.toPath());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        Measurement measurement = measurements.get(0);
        assertThat(measurement.operations()).isEqualTo(1000);
        assertThat(measurement.writtenBytes()).isBetween(10L << 20, 11L << 20);
        assertThat(measurement.readBytes()).isBetween(10L << 20, 11L << 20);
        assertThat(measurement.reads()).isBetween(10L, 1000L);
        assertThat(measurement.diskBytes()).isEqualTo(1 << 20);
        assertThat(measurement.residentBytes()).isPositive();
        trial().measure("nothing", 10, n -> {});
        assertThat(measurements.get(1).readBytes()).isLessThan(200);
    }

    @Test
    void samplesOfAnotherWorkAreReportedAsTheirOwn() {
        trial().report("pauses", List.of(1000L, 2000L, 9000L));
        Measurement measurement = measurements.get(0);
        assertThat(measurement.value()).isEqualTo(4000);
        assertThat(measurement.operations()).isEqualTo(3);
        assertThat(measurement.longest()).isBetween(9000L, 9100L);
        assertThat(measurement.allocatedBytes()).isEqualTo(Measurement.UNKNOWN);
    }

    @Test
    void memoryIsOfLiveObjectsAndOfBuffersOutsideOfTheHeap() {
        assumeThat(new File("/proc/self/smaps")).exists();
        // What earlier tests left in this JVM is given back at some moment, which spoils an attempt or two.
        List<Double> grown = growth();
        for (int attempt = 1; attempt < 10 && !grown.stream().allMatch(TrialTest::isAbout64); attempt++) {
            grown = growth();
        }
        assertThat(grown).allMatch(TrialTest::isAbout64);
        assertThat(measurements).extracting(Measurement::unit).containsOnly("MB");
        assertThat(measurements).allMatch(each -> each.value() > 1 && each.value() < 4096);
    }

    private static boolean isAbout64(double megabytes) {
        return megabytes > 50 && megabytes < 90;
    }

    /** By 64 MB on the heap, and by as many outside of it. */
    private List<Double> growth() {
        int size = 64 << 20;
        int first = measurements.size();
        trial().memory("before");
        sink = new byte[size];
        trial().memory("heap");
        sink = ByteBuffer.allocateDirect(size).put(new byte[size]);
        trial().memory("outside");
        sink = null;
        double[] totals = measurements.stream()
                .skip(first)
                .filter(each -> !each.work().contains(", "))
                .mapToDouble(Measurement::value)
                .toArray();
        return List.of(totals[1] - totals[0], totals[2] - totals[0]);
    }

    @Test
    void samplesAreOfAllKindsOfOperations() {
        trial().measure("every other is slow", 2000, n -> {
            long until = System.nanoTime() + (n % 2 == 1 ? 50_000 : 0);
            while (System.nanoTime() < until) {
                Thread.onSpinWait();
            }
        });
        Measurement measurement = measurements.get(0);
        assertThat(measurement.p99()).isGreaterThan(50_000);
        trial().measure("one", 1, n -> {});
        assertThat(measurements.get(1).longest()).isPositive();
        trial().measure("none", 0, n -> {});
        assertThat(measurements.get(2).longest()).isEqualTo(Measurement.UNKNOWN);
    }

    @Test
    void aWorkHasTheSameOperationsWhateverWasPlayedBefore() {
        Trial skips = trial();
        Trial plays = trial();
        plays.random().nextLong();
        plays.random("first").nextLong();
        assertThat(plays.random("second").nextLong())
                .isEqualTo(skips.random("second").nextLong());
        assertThat(plays.random("second").nextLong())
                .isNotEqualTo(skips.random("first").nextLong());
        assertThat(new Trial(NOBODY, directory, plays.scale(), 2, measurements::add)
                        .random("second")
                        .nextLong())
                .isNotEqualTo(skips.random("second").nextLong());
    }

    @Test
    void quietnessIsReached() {
        Trial trial = trial();
        trial.awaitQuiet();
        assertThat(trial.writtenBytes()).isEqualTo(trial.writtenBytes());
    }

    @Test
    void percentilesAreRowsOfTheirOwn() {
        long[] samples = new long[1000];
        for (int i = 0; i < samples.length; i++) {
            samples[i] = (long) samples.length - i;
        }
        trial().reportPercentiles("get", samples);
        assertThat(measurements).extracting(Measurement::work).containsExactly("get, p50", "get, p99", "get, p99.9");
        assertThat(measurements).extracting(Measurement::value).containsExactly(500.0, 990.0, 999.0);
    }

    @Test
    void memoryIsToldApart() {
        assumeThat(new File("/proc/self/smaps")).exists();
        trial().memory("memory");
        assertThat(measurements).hasSize(3);
        assertThat(measurements.get(1).value()).isPositive();
        assertThat(measurements.get(2).value()).isPositive();
        assertThat(measurements.get(0).value())
                .isEqualTo(measurements.get(1).value() + measurements.get(2).value());
    }
}
