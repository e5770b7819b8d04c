package io.forebay.bench.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.forebay.bench.scenarios.Contender;
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
        results.rows().forEach((key, cells) -> {
            ObjectNode row = rows.addObject();
            row.put("suite", key.suite().name());
            row.put("scenario", key.scenario());
            row.put("keys", key.scale().keys());
            row.put("valueBytes", key.scale().valueBytes());
            row.put("work", key.work());
            row.put("unit", key.unit());
            Contender ours = key.suite().contenders().get(0);
            row.put("baseline", ours.title());
            ObjectNode contenders = row.putObject("contenders");
            for (Contender contender : results.contenders(key.suite())) {
                if (!cells.of(contender).isEmpty()) {
                    Contender baseline = Results.baseline(key.suite(), contender);
                    contender(contenders.putObject(contender.title()), cells, baseline, contender);
                }
            }
        });
        ObjectNode missing = root.putObject("missing");
        results.missing().forEach((contender, reason) -> missing.put(contender.title(), reason));
        ArrayNode failures = root.putArray("failures");
        results.failures().forEach(failures::add);
        return root;
    }

    private static void contender(ObjectNode node, Results.Cells cells, Contender ours, Contender contender) {
        List<Measurement> rounds = cells.of(contender);
        Spread value = Spread.of(rounds, Measurement::value);
        node.put("median", value.median());
        node.put("least", value.min());
        node.put("most", value.max());
        Spread ratio = Spread.ratio(cells.byRound(ours), cells.byRound(contender));
        if (!ratio.isEmpty()) {
            node.put("ratio", ratio.median());
            node.put("leastRatio", ratio.min());
            node.put("mostRatio", ratio.max());
        }
        ObjectNode costs = node.putObject("costs");
        for (Column cost : Column.values()) {
            Spread spread = Spread.of(rounds, cost::of);
            if (!spread.isEmpty()) {
                costs.put(cost.title(), spread.median());
            }
        }
        ArrayNode all = node.putArray("rounds");
        cells.byRound(contender).forEach((number, round) -> {
            ObjectNode one = JSON.valueToTree(round);
            one.remove(List.of("work", "unit"));
            one.properties().removeIf(figure -> isUnknown(figure.getValue()));
            one.put("round", number);
            all.add(one);
        });
    }

    private static boolean isUnknown(JsonNode figure) {
        return figure.isIntegralNumber() && figure.longValue() == Measurement.UNKNOWN;
    }
}
