package io.forebay.bench.stores;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.bench.engines.EngineKind;
import io.forebay.bench.scenarios.Measurement;
import io.forebay.bench.scenarios.Scale;
import io.forebay.bench.scenarios.Trial;
import java.io.File;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every scenario once on every engine that the class path of the tests has, as small as it gets. */
final class StoreScenarioTest {
    private static final Scale TINY = new Scale(2000, 50);

    @TempDir
    File directory;

    /** Flink's RocksDB has the classes of the other one, which plays with its settings here. Paimon and the newest RocksDB
     * are no dependencies. */
    static Stream<Arguments> cases() {
        return EnumSet.complementOf(EnumSet.of(EngineKind.PAIMON, EngineKind.ROCKSDB_NEWEST)).stream()
                .flatMap(kind -> Stream.of(StoreScenario.values())
                        .filter(scenario -> scenario.isFor(kind.contender()))
                        .map(scenario -> Arguments.of(kind, scenario)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void playsAndReports(EngineKind kind, StoreScenario scenario) {
        List<Measurement> measurements = new ArrayList<>();
        scenario.play(new Trial(kind.contender(), directory, TINY, 7, measurements::add));

        assertThat(measurements).isNotEmpty();
        assertThat(measurements).extracting(Measurement::work).doesNotHaveDuplicates();
        for (Measurement measurement : measurements) {
            assertThat(measurement.value()).as(measurement.toString()).isPositive();
            if (measurement.unit().equals(Measurement.NANOS)) {
                assertThat(measurement.operations()).as(measurement.toString()).isPositive();
                assertThat(List.of(measurement.p50(), measurement.p99(), measurement.p999(), measurement.longest()))
                        .as(measurement.toString())
                        .isSorted();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("allScenarios")
    void forebayPlaysEverything(StoreScenario scenario) {
        assertThat(scenario.isFor(EngineKind.FOREBAY.contender())).isTrue();
        assertThat(Stream.of(true, false).map(quick -> new StoreSuite().plays(quick)))
                .allSatisfy(plays -> assertThat(plays).anyMatch(play -> play.scenario() == scenario));
    }

    static Set<StoreScenario> allScenarios() {
        return EnumSet.allOf(StoreScenario.class);
    }
}
