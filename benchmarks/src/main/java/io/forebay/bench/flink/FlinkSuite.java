package io.forebay.bench.flink;

import io.forebay.bench.scenarios.Contender;
import io.forebay.bench.scenarios.Play;
import io.forebay.bench.scenarios.Scale;
import io.forebay.bench.scenarios.Scenario;
import io.forebay.bench.scenarios.Suite;
import java.util.Arrays;
import java.util.List;

/** State backends of Flink under the operations of Flink's own state benchmarks, and more that operators do. */
public final class FlinkSuite implements Suite {
    /** Keys and values are numbers of 8 bytes, as in Flink's benchmarks. */
    private static final int VALUE_BYTES = Long.BYTES;

    @Override
    public String name() {
        return "flink";
    }

    @Override
    public List<Contender> contenders() {
        return Arrays.stream(BackendKind.values()).map(BackendKind::contender).toList();
    }

    @Override
    public List<Scenario> scenarios() {
        return List.of(FlinkScenario.values());
    }

    @Override
    public List<Play> plays(boolean quick) {
        Scale scale = new Scale(quick ? 50_000 : 300_000, VALUE_BYTES);
        Scale many = new Scale(quick ? 20_000 : 500_000, VALUE_BYTES);
        return Arrays.stream(FlinkScenario.values())
                .map(scenario -> scenario == FlinkScenario.MANY_MAPS
                        ? new Play(scenario, many, 2, 1)
                        : new Play(scenario, scale, 3, 1))
                .toList();
    }
}
