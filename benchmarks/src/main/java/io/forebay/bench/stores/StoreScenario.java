package io.forebay.bench.stores;

import io.forebay.bench.engines.Ability;
import io.forebay.bench.engines.EngineKind;
import io.forebay.bench.scenarios.Contender;
import io.forebay.bench.scenarios.Scenario;
import io.forebay.bench.scenarios.Trial;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** What stream tasks do to a store. Each scenario begins with an empty one. */
enum StoreScenario implements Scenario {
    CORE("points and scans", CoreScenario::run),
    BATCH("batches", CoreScenario::batches, Ability.BATCH),
    APPEND("lists", CollectionScenarios::append, Ability.APPEND),
    CLEAR("clear a prefix", CollectionScenarios::clear, Ability.CLEAR, Ability.SCAN),
    QUEUE("queue", CollectionScenarios::queue, Ability.SCAN),
    WINDOWS("window expiry", CollectionScenarios::windows, Ability.SCAN, Ability.CLEAR),
    BULK("bulk load", LoadScenarios::bulk, Ability.BULK_LOAD),
    MIXED("mixed", LoadScenarios::mixed, Ability.FILES),
    BESIDE("gets beside flush and compaction", LoadScenarios::beside, Ability.FILES),
    OVERWRITES("overwrites", LoadScenarios::overwrites, Ability.FILES),
    MANY("200 stores", LoadScenarios::many, Ability.FILES, Ability.SHARED_MEMORY),
    COLD("state 10 x memory", LoadScenarios::cold, Ability.FILES),
    CHECKPOINT("checkpoint pause", LoadScenarios::checkpoints, Ability.CHECKPOINT);

    private interface Story {
        void play(StoreTrial trial);
    }

    private final String title;
    private final Story story;
    private final Set<Ability> needs = EnumSet.noneOf(Ability.class);

    StoreScenario(String title, Story story, Ability... needs) {
        this.title = title;
        this.story = story;
        this.needs.addAll(Arrays.asList(needs));
    }

    @Override
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    @Override
    public String title() {
        return title;
    }

    @Override
    public boolean isFor(Contender contender) {
        return EngineKind.of(contender).can(needs);
    }

    @Override
    public void play(Trial trial) {
        story.play(StoreTrial.of(trial));
    }
}
