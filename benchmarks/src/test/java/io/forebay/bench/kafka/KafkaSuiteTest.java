package io.forebay.bench.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.bench.scenarios.Contender;
import io.forebay.bench.scenarios.Measurement;
import io.forebay.bench.scenarios.Scale;
import io.forebay.bench.scenarios.Scenario;
import io.forebay.bench.scenarios.Suite;
import io.forebay.bench.scenarios.Trial;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class KafkaSuiteTest {
    private final Suite suite = Suite.named("kafka");

    @TempDir
    File directory;

    /** The scenarios check what they read, so that stores which forget rows fail. */
    @ParameterizedTest
    @EnumSource
    void allStoresPlayTheSameWorks(KafkaScenario scenario) {
        List<List<String>> works = new ArrayList<>();
        for (Contender contender : suite.contenders()) {
            works.add(play(suite.scenario(scenario.id()), contender));
        }
        assertThat(works.get(0)).isNotEmpty().doesNotHaveDuplicates();
        assertThat(works).allSatisfy(each -> assertThat(each).isEqualTo(works.get(0)));
    }

    private List<String> play(Scenario scenario, Contender contender) {
        File own = new File(directory, contender.name());
        assertThat(own.mkdirs()).isTrue();
        List<Measurement> measurements = new ArrayList<>();
        scenario.play(new Trial(contender, own, new Scale(2000, 20), 1, measurements::add));
        assertThat(measurements).allSatisfy(each -> {
            assertThat(each.operations()).as(each.work()).isPositive();
            assertThat(each.value()).as(each.work()).isPositive();
        });
        return measurements.stream().map(Measurement::work).toList();
    }
}
