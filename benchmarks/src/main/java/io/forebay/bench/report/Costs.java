package io.forebay.bench.report;

import io.forebay.bench.scenarios.Measurement;
import java.util.function.ToDoubleFunction;

/** What is shown beside the time, for each contender: the median over the rounds. */
enum Costs {
    NANOS("ns", Measurement::value),
    P50("p50 ns", Measurement::p50),
    P99("p99 ns", Measurement::p99),
    P999("p99.9 ns", Measurement::p999),
    LONGEST("max us", m -> m.longest() / 1e3),
    ALLOCATED("alloc B/op", m -> each(m, m.allocatedBytes())),
    WRITE_AMPLIFICATION(
            "write amp", m -> m.ingestedBytes() == 0 ? Double.NaN : m.writtenBytes() / (double) m.ingestedBytes()),
    READS("reads/op", m -> each(m, m.reads())),
    READ_BYTES("read B/op", m -> each(m, m.readBytes())),
    DISK("disk MB", m -> m.diskBytes() / (double) (1 << 20)),
    RESIDENT("RSS MB", m -> m.residentBytes() / (double) (1 << 20)),
    PAUSES("GC ms", m -> m.pauseNanos() / 1e6),
    LONGEST_PAUSE("GC max ms", m -> m.longestPauseNanos() / 1e6);

    private final String title;
    private final ToDoubleFunction<Measurement> figure;

    Costs(String title, ToDoubleFunction<Measurement> figure) {
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
        return amount / (double) Math.max(1, m.operations());
    }
}
