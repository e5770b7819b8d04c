package io.forebay.bench.flink;

import io.forebay.bench.scenarios.Contender;
import io.forebay.bench.scenarios.Scenario;
import io.forebay.bench.scenarios.Trial;
import java.util.Locale;

/** What operators do to their state. All backends can do all of it. */
enum FlinkScenario implements Scenario {
    VALUES("Flink value state", ValueStories::values),
    AGGREGATES("Flink reducing state", ValueStories::aggregates),
    MAPS("Flink map state", MapStories::small),
    LARGE_MAPS("Flink map state, 1,000 entries a key", MapStories::large),
    MANY_MAPS("Flink map state, many keys", MapStories::many),
    LISTS("Flink list state", ListStories::lists),
    WINDOWS("Flink windows", WindowStories::tumbling),
    SESSIONS("Flink session windows", WindowStories::sessions),
    TIMERS("Flink timers", TimerStories::timers);

    private interface Story {
        void play(FlinkTrial trial) throws Exception;
    }

    private final String title;
    private final Story story;

    FlinkScenario(String title, Story story) {
        this.title = title;
        this.story = story;
    }

    @Override
    public String id() {
        return "flink-" + name().toLowerCase(Locale.ROOT).replace('_', '-');
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
        try (FlinkTrial flinkTrial = FlinkTrial.of(trial)) {
            story.play(flinkTrial);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(title + " failed", e);
        }
    }
}
