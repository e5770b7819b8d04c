package io.forebay.bench.report;

import io.forebay.bench.scenarios.Measurement;
import java.util.function.ToDoubleFunction;

/** What is shown beside the time, for each contender: the median over the rounds. */
enum Column {
    NANOS("ns", m -> m.unit().equals(Measurement.NANOS) ? m.value() : Double.NaN),
    P50("p50 ns", m -> known(m.p50())),
    P99("p99 ns", m -> known(m.p99())),
    P999("p99.9 ns", m -> known(m.p999())),
    LONGEST("max us", m -> known(m.longest()) / 1e3),
    ALLOCATED("alloc B/op", m -> each(m, m.allocatedBytes())),
    WRITE_AMPLIFICATION(
            "write amp", m -> m.ingestedBytes() == 0 ? Double.NaN : known(m.writtenBytes()) / known(m.ingestedBytes())),
    READS("reads/op", m -> each(m, m.reads())),
    READ_BYTES("read B/op", m -> each(m, m.readBytes())),
    DISK("disk MB", m -> known(m.diskBytes()) / (1 << 20)),
    RESIDENT("RSS MB", m -> known(m.residentBytes()) / (1 << 20)),
    PAUSES("GC ms", m -> known(m.pauseNanos()) / 1e6),
    LONGEST_PAUSE("GC max ms", m -> known(m.longestPauseNanos()) / 1e6);

    private final String title;
    private final ToDoubleFunction<Measurement> figure;

    Column(String title, ToDoubleFunction<Measurement> figure) {
        this.title = title;
        this.figure = figure;
    }

    String title() {
        return title;
    }

    /** NaN when it says nothing about this work. */
    double of(Measurement measurement) {
        return figure.applyAsDouble(measurement);
    }

    private static double each(Measurement m, long amount) {
        return known(amount) / Math.max(1, m.operations());
    }

    private static double known(long figure) {
        return figure == Measurement.UNKNOWN ? Double.NaN : figure;
    }
}
