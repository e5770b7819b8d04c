package io.forebay.bench.report;

import io.forebay.bench.scenarios.Contender;
import io.forebay.bench.scenarios.Measurement;
import io.forebay.bench.scenarios.Suite;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The results as tables for the terminal. */
public final class TextTable {
    private final Results results;
    private final PrintStream out;

    public TextTable(Results results, PrintStream out) {
        this.results = results;
        this.out = out;
    }

    /** @param costs also latencies, allocation, input and output, a line for each contender */
    public void print(boolean costs) {
        out.println();
        out.println(
                "Forebay: median of the rounds, and (max - min) / median. Others: how many times more they take (ns of an"
                        + " operation, or the unit that is named),");
        out.println(
                "median over the rounds of the ratio within a round [least - most]. Others on a second JDK are compared with"
                        + " Forebay on that, and Forebay on it with Forebay on the first.");
        for (Suite suite : results.suites()) {
            ratios(suite);
        }
        if (costs) {
            results.suites().forEach(this::costs);
        }
        out.println();
        results.missing().forEach((contender, reason) -> out.println("NOT RUN " + contender.title() + ": " + reason));
        results.failures().forEach(failure -> out.println("FAILED " + failure));
    }

    private void ratios(Suite suite) {
        List<Contender> contenders = results.contenders(suite);
        Contender ours = suite.contenders().get(0);
        String group = null;
        for (Map.Entry<Results.Row, Results.Cells> entry : results.rows().entrySet()) {
            Results.Row row = entry.getKey();
            if (!row.suite().equals(suite)) {
                continue;
            }
            String heading = row.scenario() + ", " + row.scale();
            if (!heading.equals(group)) {
                group = heading;
                out.printf("%n%-58s %14s %7s", heading, ours.title(), "spread");
                contenders.stream()
                        .filter(contender -> !contender.equals(ours))
                        .forEach(contender -> out.printf(" %24s", contender.title()));
                out.println();
            }
            String unit = row.unit().equals(Measurement.NANOS) ? "" : ", " + row.unit();
            Spread own = Spread.of(entry.getValue().of(ours), Measurement::value);
            out.printf(
                    "  %-56s %14s %7s",
                    row.work() + unit,
                    own.isEmpty() ? "-" : number(own.median()),
                    own.isEmpty() ? "" : String.format(Locale.ROOT, "%.0f%%", own.percent()));
            for (Contender contender : contenders) {
                if (!contender.equals(ours)) {
                    out.printf(" %24s", cell(entry.getValue(), Results.baseline(suite, contender), contender));
                }
            }
            out.println();
        }
    }

    private static String cell(Results.Cells cells, Contender ours, Contender other) {
        Spread ratio = Spread.ratio(cells.byRound(ours), cells.byRound(other));
        if (!ratio.isEmpty()) {
            return String.format(Locale.ROOT, "%.2fx [%.1f - %.1f]", ratio.median(), ratio.min(), ratio.max());
        }
        Spread alone = Spread.of(cells.of(other), Measurement::value);
        return alone.isEmpty() ? "-" : "(" + number(alone.median()) + ")";
    }

    private void costs(Suite suite) {
        out.printf("%n%-66s %-18s", "medians over the rounds", "");
        for (Column cost : Column.values()) {
            out.printf(" %10s", cost.title());
        }
        out.println();
        for (Map.Entry<Results.Row, Results.Cells> entry : results.rows().entrySet()) {
            Results.Row row = entry.getKey();
            if (!row.suite().equals(suite) || !row.unit().equals(Measurement.NANOS)) {
                continue;
            }
            for (Contender contender : results.contenders(suite)) {
                List<Measurement> rounds = entry.getValue().of(contender);
                if (rounds.isEmpty()) {
                    continue;
                }
                out.printf("%-66s %-18s", row.work() + ", " + row.scale(), contender.title());
                for (Column cost : Column.values()) {
                    Spread spread = Spread.of(rounds, cost::of);
                    out.printf(" %10s", spread.isEmpty() ? "-" : number(spread.median()));
                }
                out.println();
            }
        }
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, Math.abs(value) < 10 && value != 0 ? "%.2f" : "%,.0f", value);
    }
}
