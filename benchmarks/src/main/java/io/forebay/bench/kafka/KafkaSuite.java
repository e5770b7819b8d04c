package io.forebay.bench.kafka;

import io.forebay.bench.scenarios.Contender;
import io.forebay.bench.scenarios.Play;
import io.forebay.bench.scenarios.Scale;
import io.forebay.bench.scenarios.Scenario;
import io.forebay.bench.scenarios.Suite;
import java.util.Arrays;
import java.util.List;

/** State stores of Kafka Streams: Forebay's, RocksDB's, and those in memory. */
public final class KafkaSuite implements Suite {
    @Override
    public String name() {
        return "kafka";
    }

    @Override
    public List<Contender> contenders() {
        return Arrays.stream(StoreFamily.values()).map(StoreFamily::contender).toList();
    }

    @Override
    public List<Scenario> scenarios() {
        return List.of(KafkaScenario.values());
    }

    @Override
    public List<Play> plays(boolean quick) {
        // More than a write buffer of 16 MB, so that most of it is in files.
        Scale scale = new Scale(quick ? 150_000 : 500_000, 100);
        return Arrays.stream(KafkaScenario.values())
                .map(scenario -> new Play(scenario, scale, 2, 1))
                .toList();
    }
}
