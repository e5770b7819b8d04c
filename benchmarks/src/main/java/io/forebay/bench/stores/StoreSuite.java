package io.forebay.bench.stores;

import io.forebay.bench.engines.EngineKind;
import io.forebay.bench.scenarios.Contender;
import io.forebay.bench.scenarios.Play;
import io.forebay.bench.scenarios.Scale;
import io.forebay.bench.scenarios.Scenario;
import io.forebay.bench.scenarios.Suite;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The engines themselves, below Kafka Streams and Flink. */
public final class StoreSuite implements Suite {
    private static final int MILLION = 1_000_000;

    @Override
    public String name() {
        return "stores";
    }

    @Override
    public List<Contender> contenders() {
        return Arrays.stream(EngineKind.values()).map(EngineKind::contender).toList();
    }

    @Override
    public List<Scenario> scenarios() {
        return List.of(StoreScenario.values());
    }

    @Override
    public List<Play> plays(boolean quick) {
        return quick ? quick() : full();
    }

    /** About two minutes on two cores. */
    private static List<Play> quick() {
        List<Play> plays = new ArrayList<>();
        for (StoreScenario scenario : StoreScenario.values()) {
            plays.add(
                    switch (scenario) {
                        case CORE -> new Play(scenario, new Scale(100_000, 100), 3, 1);
                        // One of its maps has 100,000 entries.
                        case CLEAR -> new Play(scenario, new Scale(100_000, 100), 2, 1);
                        case CHECKPOINT -> new Play(scenario, new Scale(20_000, 1000), 2, 1);
                        // Less would not be ten times the memory that engines need at least.
                        case COLD -> new Play(scenario, new Scale(200_000, 100), 1, 1);
                        // The rate is fixed, so that a round takes the longer the more keys there are, on every engine.
                        case BESIDE -> new Play(scenario, new Scale(20_000, 100), 1, 1);
                        // Bytes are the same in every round; many stores take long to open and to close.
                        case OVERWRITES, MANY -> new Play(scenario, new Scale(50_000, 100), 1, 1);
                        default -> new Play(scenario, new Scale(50_000, 100), 2, 1);
                    });
        }
        return plays;
    }

    /** Somewhat under two hours on two cores: points at all sizes of values and states, the rest at one size or two. */
    private static List<Play> full() {
        List<Play> plays = new ArrayList<>();
        // All in memory, and then more than memory.
        plays.add(new Play(StoreScenario.CORE, new Scale(MILLION / 2, 100), 3, 2));
        plays.add(new Play(StoreScenario.CORE, new Scale(MILLION, 100), 3, 2));
        plays.add(new Play(StoreScenario.CORE, new Scale(MILLION, 8), 2, 1));
        plays.add(new Play(StoreScenario.CORE, new Scale(MILLION, 1000), 1, 1));
        plays.add(new Play(StoreScenario.CORE, new Scale(100_000, 10_000), 1, 1));
        for (StoreScenario scenario : StoreScenario.values()) {
            switch (scenario) {
                case CORE -> {}
                // 100 MB are in the memtable at each checkpoint.
                case CHECKPOINT -> plays.add(new Play(scenario, new Scale(MILLION, 1000), 1, 1));
                // Every entry is a walk over those that were deleted before it for some.
                case QUEUE, MANY, OVERWRITES -> plays.add(new Play(scenario, new Scale(MILLION, 100), 1, 1));
                default -> plays.add(new Play(scenario, new Scale(MILLION, 100), 2, 1));
            }
        }
        for (StoreScenario scenario : List.of(StoreScenario.MIXED, StoreScenario.BULK)) {
            plays.add(new Play(scenario, new Scale(MILLION, 8), 2, 1));
            plays.add(new Play(scenario, new Scale(MILLION, 1000), 1, 1));
        }
        for (StoreScenario scenario : List.of(StoreScenario.BULK, StoreScenario.COLD, StoreScenario.CORE)) {
            plays.add(new Play(scenario, new Scale(10 * MILLION, 100), 1, 1));
        }
        return plays;
    }
}
