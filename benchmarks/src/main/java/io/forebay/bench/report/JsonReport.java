package io.forebay.bench.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.forebay.bench.engines.EngineKind;
import io.forebay.bench.scenarios.Measurement;
import java.util.List;
import java.util.Map;

/** Every measurement of a run as JSON, with what it was run on. */
public final class JsonReport {
    private static final ObjectMapper JSON = new ObjectMapper();

    private JsonReport() {}

    public static ObjectNode of(Results results, Map<String, String> about) {
        ObjectNode root = JSON.createObjectNode();
        ObjectNode header = root.putObject("about");
        about.forEach(header::put);
        ArrayNode rows = root.putArray("rows");
        for (Map.Entry<Results.Row, Map<EngineKind, List<Measurement>>> entry :
                results.rows().entrySet()) {
            ObjectNode row = rows.addObject();
            row.put("scenario", entry.getKey().scenario().title());
            row.put("keys", entry.getKey().scale().keys());
            row.put("valueBytes", entry.getKey().scale().valueBytes());
            row.put("work", entry.getKey().work());
            ObjectNode engines = row.putObject("engines");
            List<Measurement> ours = entry.getValue().get(EngineKind.FOREBAY);
            entry.getValue().forEach((kind, rounds) -> {
                ObjectNode engine = engines.putObject(kind.title());
                engine.put(
                        "medianNanos", Spread.of(rounds, Measurement::nanosEach).median());
                if (ours != null) {
                    Spread ratio = Spread.ratio(ours, rounds);
                    engine.put("ratio", ratio.median());
                    engine.put("leastRatio", ratio.min());
                    engine.put("mostRatio", ratio.max());
                }
                ArrayNode all = engine.putArray("rounds");
                rounds.forEach(round -> all.addPOJO(round));
            });
        }
        ArrayNode failures = root.putArray("failures");
        results.failures().forEach(failures::add);
        return root;
    }
}
