package io.forebay.bench.worker;

import io.forebay.bench.scenarios.Contender;
import io.forebay.bench.scenarios.Play;
import io.forebay.bench.scenarios.Scale;
import io.forebay.bench.scenarios.Scenario;
import io.forebay.bench.scenarios.Suite;
import io.forebay.bench.scenarios.Trial;
import java.util.List;

/** What can go wrong in the JVM of a contender. */
public final class BrokenSuite implements Suite {
    static final Play FINE = play("broken-fine", trial -> trial.measure("nothing", 10, i -> {}));
    static final Play WRONG = play("broken-wrong", trial -> Trial.check(false, "two and\n two"));
    static final Play GONE = play("broken-gone", trial -> Runtime.getRuntime().halt(3));
    static final Play LOUD = play("broken-loud", trial -> {
        System.out.println("a library prints");
        trial.figure("loudness", "dB", 1);
    });

    @Override
    public String name() {
        return "broken";
    }

    @Override
    public List<Contender> contenders() {
        return List.of(new Contender("broken-one", "One"), new Contender("broken-two", "Two", "no-such-folder"));
    }

    @Override
    public List<Scenario> scenarios() {
        return List.of(FINE.scenario(), WRONG.scenario(), GONE.scenario(), LOUD.scenario());
    }

    @Override
    public List<Play> plays(boolean quick) {
        return List.of(FINE, WRONG, GONE, LOUD);
    }

    private interface Story {
        void play(Trial trial);
    }

    private static Play play(String id, Story story) {
        Scenario scenario = new Scenario() {
            @Override
            public String id() {
                return id;
            }

            @Override
            public String title() {
                return id;
            }

            @Override
            public boolean isFor(Contender contender) {
                return true;
            }

            @Override
            public void play(Trial trial) {
                story.play(trial);
            }
        };
        return new Play(scenario, new Scale(1000, 10), 1, 1);
    }
}
