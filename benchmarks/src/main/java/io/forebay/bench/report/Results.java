package io.forebay.bench.report;

import io.forebay.bench.engines.EngineKind;
import io.forebay.bench.scenarios.Measurement;
import io.forebay.bench.scenarios.Scale;
import io.forebay.bench.scenarios.Scenario;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** All measurements of a run: rows in the order in which they came, and for each the rounds of every engine. */
public final class Results {
    /** One line of the table. */
    public record Row(Scenario scenario, Scale scale, String work) {}

    private final Map<Row, Map<EngineKind, List<Measurement>>> rows = new LinkedHashMap<>();
    private final List<String> failures = new ArrayList<>();

    public void add(Scenario scenario, Scale scale, EngineKind kind, Measurement measurement) {
        rows.computeIfAbsent(new Row(scenario, scale, measurement.work()), row -> new EnumMap<>(EngineKind.class))
                .computeIfAbsent(kind, k -> new ArrayList<>())
                .add(measurement);
    }

    public void failed(String message) {
        failures.add(message);
    }

    public List<String> failures() {
        return failures;
    }

    public Map<Row, Map<EngineKind, List<Measurement>>> rows() {
        return rows;
    }
}
