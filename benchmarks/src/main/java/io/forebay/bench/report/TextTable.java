package io.forebay.bench.report;

import io.forebay.bench.engines.EngineKind;
import io.forebay.bench.scenarios.Measurement;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The results as a table for the terminal. */
public final class TextTable {
    private final Results results;
    private final List<EngineKind> others;

    public TextTable(Results results, List<EngineKind> engines) {
        this.results = results;
        others = engines.stream().filter(kind -> kind != EngineKind.FOREBAY).toList();
    }

    public void print(PrintStream out) {
        out.println();
        out.println("Forebay: median ns per operation, (max - min) / median. Others: how many times longer they take,"
                + " median of the rounds [least - most].");
        Object group = null;
        for (Map.Entry<Results.Row, Map<EngineKind, List<Measurement>>> row :
                results.rows().entrySet()) {
            List<Measurement> ours = row.getValue().get(EngineKind.FOREBAY);
            if (ours == null) {
                continue;
            }
            String heading =
                    row.getKey().scenario().title() + ", " + row.getKey().scale();
            if (!heading.equals(group)) {
                group = heading;
                out.printf("%n%-46s %12s %7s", heading, "Forebay", "spread");
                others.forEach(kind -> out.printf(" %22s", kind.title()));
                out.println();
            }
            Spread own = Spread.of(ours, Measurement::nanosEach);
            out.printf(Locale.ROOT, "  %-44s %,12.0f %6.0f%%", row.getKey().work(), own.median(), own.percent());
            for (EngineKind kind : others) {
                List<Measurement> other = row.getValue().get(kind);
                if (other == null) {
                    out.printf(" %22s", "-");
                } else {
                    Spread ratio = Spread.ratio(ours, other);
                    out.printf(
                            Locale.ROOT,
                            " %22s",
                            String.format(
                                    Locale.ROOT, "%.2fx [%.1f - %.1f]", ratio.median(), ratio.min(), ratio.max()));
                }
            }
            out.println();
        }
        printSecond(out);
        results.failures().forEach(failure -> out.println("FAILED " + failure));
    }

    /** Latencies, allocation and input/output: one line for each engine. */
    private void printSecond(PrintStream out) {
        out.printf(
                "%n%-46s %-16s %9s %9s %9s %9s %9s %9s %9s %9s %9s%n",
                "",
                "",
                "p50 ns",
                "p99 ns",
                "p99.9 ns",
                "alloc B",
                "write amp",
                "reads/op",
                "disk MB",
                "RSS MB",
                "GC ms");
        for (Map.Entry<Results.Row, Map<EngineKind, List<Measurement>>> row :
                results.rows().entrySet()) {
            row.getValue().forEach((kind, rounds) -> {
                out.printf(
                        Locale.ROOT,
                        "%-46s %-16s %9.0f %9.0f %9.0f %9.0f %9.2f %9.2f %9.1f %9.0f %9.1f%n",
                        row.getKey().work() + " " + row.getKey().scale(),
                        kind.title(),
                        Spread.of(rounds, Measurement::p50).median(),
                        Spread.of(rounds, Measurement::p99).median(),
                        Spread.of(rounds, Measurement::p999).median(),
                        Spread.of(rounds, m -> m.allocatedBytes() / (double) Math.max(1, m.operations()))
                                .median(),
                        Spread.of(
                                        rounds,
                                        m -> m.ingestedBytes() == 0 ? 0 : m.writtenBytes() / (double) m.ingestedBytes())
                                .median(),
                        Spread.of(rounds, m -> m.reads() / (double) Math.max(1, m.operations()))
                                .median(),
                        Spread.of(rounds, Measurement::diskBytes).median() / (1 << 20),
                        Spread.of(rounds, Measurement::residentBytes).median() / (1 << 20),
                        Spread.of(rounds, Measurement::pauseNanos).median() / 1e6);
            });
        }
    }
}
