package io.forebay.bench.scenarios;

import io.forebay.bench.engines.Ability;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;

/** A story that is played on every engine that can. Each begins with an empty store and reports one or more works. */
public enum Scenario {
    CORE("points and scans", CoreScenario::run),
    BATCH("batches", CoreScenario::batches, Ability.BATCH),
    APPEND("lists", CollectionScenarios::append, Ability.APPEND),
    CLEAR("clear a prefix", CollectionScenarios::clear, Ability.CLEAR, Ability.SCAN),
    QUEUE("queue", CollectionScenarios::queue, Ability.SCAN),
    WINDOWS("window expiry", CollectionScenarios::windows, Ability.SCAN, Ability.CLEAR),
    BULK("bulk load", LoadScenarios::bulk, Ability.BULK_LOAD),
    MIXED("mixed", LoadScenarios::mixed, Ability.FILES),
    MANY("200 stores", LoadScenarios::many, Ability.FILES),
    COLD("state 10 x memory", LoadScenarios::cold, Ability.FILES),
    CHECKPOINT("checkpoint pause", LoadScenarios::checkpoints, Ability.CHECKPOINT);

    private interface Story {
        void play(Trial trial);
    }

    private final String title;
    private final Story story;
    private final Set<Ability> needs = EnumSet.noneOf(Ability.class);

    Scenario(String title, Story story, Ability... needs) {
        this.title = title;
        this.story = story;
        this.needs.addAll(Arrays.asList(needs));
    }

    public String title() {
        return title;
    }

    public Set<Ability> needs() {
        return needs;
    }

    public void play(Trial trial) {
        story.play(trial);
    }
}
