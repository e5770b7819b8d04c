package io.forebay.bench.kafka;

import io.forebay.bench.scenarios.Contender;
import io.forebay.bench.scenarios.Scenario;
import io.forebay.bench.scenarios.Trial;
import java.util.Locale;

/** What processors do with their stores. Each scenario begins with an empty store. */
enum KafkaScenario implements Scenario {
    KAFKA_KEY_VALUE("Kafka key-value store", KeyValueScenarios::plain),
    KAFKA_TIMESTAMPED("Kafka timestamped key-value store", KeyValueScenarios::timestamped),
    KAFKA_WINDOWS("Kafka window store", WindowScenarios::windows),
    KAFKA_SESSIONS("Kafka session store", WindowScenarios::sessions),
    KAFKA_RESTORE("restore from a changelog", RestoreScenarios::run);

    private interface Story {
        void play(Trial trial, StoreFamily family);
    }

    private final String title;
    private final Story story;

    KafkaScenario(String title, Story story) {
        this.title = title;
        this.story = story;
    }

    @Override
    public String id() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    @Override
    public String title() {
        return title;
    }

    @Override
    public boolean isFor(Contender contender) {
        return true;
    }

    @Override
    public void play(Trial trial) {
        story.play(trial, StoreFamily.of(trial.contender()));
    }
}
