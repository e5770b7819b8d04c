package io.forebay.bench;

import io.forebay.bench.scenarios.Contender;
import io.forebay.bench.scenarios.Play;
import io.forebay.bench.scenarios.Suite;
import java.util.List;

/** What a run plays of one suite, and who takes part. */
record Plan(Suite suite, List<Play> plays, List<Contender> contenders) {
    /** Leaves out what nobody can play. */
    Plan {
        List<Contender> all = List.copyOf(contenders);
        contenders = all;
        plays = plays.stream()
                .filter(play -> all.stream().anyMatch(play.scenario()::isFor))
                .toList();
    }

    /** Those who can play it. */
    List<Contender> contenders(Play play) {
        return contenders.stream().filter(play.scenario()::isFor).toList();
    }
}
