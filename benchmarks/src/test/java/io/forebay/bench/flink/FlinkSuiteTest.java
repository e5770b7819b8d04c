package io.forebay.bench.flink;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.bench.scenarios.Contender;
import io.forebay.bench.scenarios.Measurement;
import io.forebay.bench.scenarios.Scale;
import io.forebay.bench.scenarios.Suite;
import io.forebay.bench.scenarios.Trial;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FlinkSuiteTest {
    @TempDir
    File directory;

    /** The scenarios check what they read themselves. */
    @ParameterizedTest
    @EnumSource
    void backendsGiveTheSameAnswersAndReportTheSameWorks(FlinkScenario scenario) {
        Suite suite = Suite.named("flink");
        assertThat(suite.scenario(scenario.id())).isSameAs(scenario);
        List<String> forebay = works(suite.contenders().get(0), scenario);
        assertThat(forebay).doesNotHaveDuplicates().isNotEmpty();
        assertThat(works(BackendKind.HASHMAP.contender(), scenario)).isEqualTo(forebay);
    }

    private List<String> works(Contender contender, FlinkScenario scenario) {
        List<String> works = new ArrayList<>();
        File own = new File(directory, contender.name());
        assertThat(own.mkdir()).isTrue();
        scenario.play(new Trial(contender, own, new Scale(2000, Long.BYTES), 7, measurement -> {
            assertThat(measurement.unit()).isEqualTo(Measurement.NANOS);
            works.add(measurement.work());
        }));
        return works;
    }
}
