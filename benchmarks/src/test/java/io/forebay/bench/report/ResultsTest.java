package io.forebay.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.forebay.bench.engines.EngineKind;
import io.forebay.bench.scenarios.Contender;
import io.forebay.bench.scenarios.Jdk;
import io.forebay.bench.scenarios.Measurement;
import io.forebay.bench.scenarios.Play;
import io.forebay.bench.scenarios.Scale;
import io.forebay.bench.scenarios.Trial;
import io.forebay.bench.stores.StoreSuite;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ResultsTest {
    private final StoreSuite suite = new StoreSuite();
    private final Contender ours = EngineKind.FOREBAY.contender();
    private final Contender other = EngineKind.ROCKSDB_KAFKA.contender();
    private final Play play = new Play(suite.scenarios().get(0), new Scale(1_000_000, 10_000), 3, 1);
    private final Results results = new Results();

    private void add(Contender contender, int round, double nanos) {
        results.add(
                suite,
                play,
                contender,
                round,
                new Measurement(
                        "put",
                        Measurement.NANOS,
                        nanos,
                        1000,
                        (long) (nanos * 1000),
                        100,
                        2000,
                        30_000,
                        400_000,
                        64_000,
                        3_000_000,
                        1_500_000,
                        500,
                        2_048_000,
                        5 << 20,
                        6 << 20,
                        7_000_000,
                        4_000_000));
    }

    private Results.Cells cells() {
        return results.rows().values().iterator().next();
    }

    @Test
    void ratiosAreOfTheSameRound() {
        add(ours, 1, 100);
        add(ours, 2, 200);
        add(ours, 3, 1000);
        add(other, 2, 600);
        add(other, 3, 1000);
        // The other one failed in the first round.
        Spread ratio = Spread.ratio(cells().byRound(ours), cells().byRound(other));
        assertThat(ratio).isEqualTo(new Spread(2, 1, 3));
        assertThat(Spread.of(cells().of(ours), Measurement::value)).isEqualTo(new Spread(200, 100, 1000));
        assertThat(Spread.ratio(cells().byRound(ours), cells().byRound(EngineKind.HEAP.contender()))
                        .isEmpty())
                .isTrue();
    }

    @Test
    void costsAreForAnOperation() {
        add(ours, 1, 100);
        Measurement measurement = cells().of(ours).get(0);
        assertThat(Column.ALLOCATED.of(measurement)).isEqualTo(64);
        assertThat(Column.WRITE_AMPLIFICATION.of(measurement)).isEqualTo(2);
        assertThat(Column.READS.of(measurement)).isEqualTo(0.5);
        assertThat(Column.READ_BYTES.of(measurement)).isEqualTo(2048);
        assertThat(Column.DISK.of(measurement)).isEqualTo(5);
        assertThat(Column.RESIDENT.of(measurement)).isEqualTo(6);
        assertThat(Column.PAUSES.of(measurement)).isEqualTo(7);
        assertThat(Column.LONGEST_PAUSE.of(measurement)).isEqualTo(4);
        assertThat(Column.LONGEST.of(measurement)).isEqualTo(400);
        assertThat(Column.P999.of(measurement)).isEqualTo(30_000);
    }

    @Test
    void tableShowsMediansRatiosAndWhoIsMissing() {
        add(ours, 1, 100);
        add(other, 1, 470);
        results.missing(EngineKind.PAIMON.contender(), "its jars are not there");
        results.failed("something");
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        new TextTable(results, new PrintStream(printed, true, StandardCharsets.UTF_8)).print(true);
        assertThat(printed.toString(StandardCharsets.UTF_8))
                .contains("points and scans, 1M x 10,000 B")
                .contains("4.70x [4.7 - 4.7]")
                .contains("2.00")
                .contains("NOT RUN Paimon LSM: its jars are not there")
                .contains("FAILED something");
    }

    @Test
    void everyJdkHasItsOwnBaseline() {
        Jdk second = new Jdk("JDK 99", new File("elsewhere"));
        add(other, 1, 400);
        add(ours, 1, 100);
        add(other.on(second), 1, 150);
        add(ours.on(second), 1, 50);
        assertThat(results.contenders(suite)).containsExactly(ours, other, ours.on(second), other.on(second));
        JsonNode contenders =
                JsonReport.of(results, Map.of()).get("rows").get(0).get("contenders");
        assertThat(contenders.get("RocksDB (Kafka)").get("ratio").asDouble()).isEqualTo(4);
        assertThat(contenders.get("RocksDB (Kafka), JDK 99").get("ratio").asDouble())
                .isEqualTo(3);
        assertThat(contenders.get("Forebay, JDK 99").get("ratio").asDouble()).isEqualTo(0.5);
    }

    @Test
    void thePageIsWholeAndCannotBeEndedByItsData() throws IOException {
        add(ours, 1, 100);
        add(other, 1, 470);
        results.failed("</script><b>");
        ObjectNode json = JsonReport.of(results, Map.of("java", "17"));
        String page = HtmlReport.of(json);
        assertThat(page)
                .doesNotContain("</script><b>")
                .doesNotContain("/*DATA*/")
                .doesNotContain("src=");
        assertThat(page).contains("\"ratio\":4.7").endsWith("</html>\n");
        assertThat(json.get("rows")
                        .get(0)
                        .get("contenders")
                        .get("Forebay")
                        .get("costs")
                        .get("alloc B/op")
                        .asDouble())
                .isEqualTo(64);
    }

    @Test
    void whatIsNotKnownIsLeftOut() {
        List<Measurement> measurements = new ArrayList<>();
        Trial trial = new Trial(ours, new File("nosuch"), play.scale(), 1, measurements::add);
        trial.figure("memory", "MB", 300);
        trial.report("pause", List.of(2000L));
        trial.time("merge", 10, 0, () -> {});
        measurements.forEach(each -> results.add(suite, play, ours, 1, each));

        JsonNode rows = JsonReport.of(results, Map.of()).get("rows");
        assertThat(costs(rows, 0)).isEmpty();
        assertThat(costs(rows, 1)).containsExactly("ns", "p50 ns", "p99 ns", "p99.9 ns", "max us");
        assertThat(costs(rows, 2)).contains("ns", "alloc B/op", "GC ms").doesNotContain("p50 ns", "write amp");
        assertThat(rows.get(0).at("/contenders/Forebay/rounds/0").toString())
                .isEqualTo("{\"value\":300.0,\"round\":1}");
    }

    private static List<String> costs(JsonNode rows, int row) {
        List<String> names = new ArrayList<>();
        rows.get(row).at("/contenders/Forebay/costs").fieldNames().forEachRemaining(names::add);
        return names;
    }
}
