package io.forebay.bench.report;

import io.forebay.bench.scenarios.Contender;
import io.forebay.bench.scenarios.Jdk;
import io.forebay.bench.scenarios.Measurement;
import io.forebay.bench.scenarios.Play;
import io.forebay.bench.scenarios.Scale;
import io.forebay.bench.scenarios.Suite;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;

/** All measurements of a run: rows in the order in which they came, and for each the rounds of every contender. */
public final class Results {
    /** One line of the table. */
    public record Row(Suite suite, String scenario, Scale scale, String work, String unit) {}

    /** Measurements of one row by contender and number of the round. */
    public static final class Cells {
        private final Map<Contender, NavigableMap<Integer, Measurement>> rounds = new LinkedHashMap<>();

        /** Those of one contender in the order of the rounds; empty when it did not play. */
        public List<Measurement> of(Contender contender) {
            return List.copyOf(byRound(contender).values());
        }

        NavigableMap<Integer, Measurement> byRound(Contender contender) {
            return rounds.getOrDefault(contender, new TreeMap<>());
        }
    }

    private final Map<Row, Cells> rows = new LinkedHashMap<>();
    private final Map<Contender, String> missing = new LinkedHashMap<>();
    private final List<String> failures = new ArrayList<>();

    /** @param round counted over all forks */
    public void add(Suite suite, Play play, Contender contender, int round, Measurement measurement) {
        Row row = new Row(suite, play.scenario().title(), play.scale(), measurement.work(), measurement.unit());
        rows.computeIfAbsent(row, r -> new Cells())
                .rounds
                .computeIfAbsent(contender, c -> new TreeMap<>())
                .put(round, measurement);
    }

    /** The contender was wanted and could not take part. */
    public void missing(Contender contender, String reason) {
        missing.put(contender, reason);
    }

    public Map<Contender, String> missing() {
        return missing;
    }

    public void failed(String message) {
        failures.add(message);
    }

    public List<String> failures() {
        return failures;
    }

    public Map<Row, Cells> rows() {
        return rows;
    }

    public List<Suite> suites() {
        return rows.keySet().stream().map(Row::suite).distinct().toList();
    }

    /** Contenders of the suite with at least one measurement; those on the JDK that runs this come first. */
    public List<Contender> contenders(Suite suite) {
        Set<Contender> played = new LinkedHashSet<>();
        rows.forEach((row, cells) -> {
            if (row.suite().equals(suite)) {
                played.addAll(cells.rounds.keySet());
            }
        });
        Set<Jdk> jdks = new LinkedHashSet<>();
        jdks.add(Jdk.current());
        played.forEach(contender -> jdks.add(contender.jdk()));
        return jdks.stream()
                .flatMap(jdk -> suite.contenders().stream().map(contender -> contender.on(jdk)))
                .filter(played::contains)
                .toList();
    }

    /**
     * Whom a contender is compared with: the first one of its suite on the same JDK, and, for that one on another JDK, itself on
     * the JDK that runs this.
     */
    static Contender baseline(Suite suite, Contender contender) {
        Contender ours = suite.contenders().get(0);
        return contender.isSameAs(ours) ? ours : ours.on(contender.jdk());
    }
}
