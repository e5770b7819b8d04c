package io.forebay.bench.scenarios;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;

/** Scenarios with the contenders that play them. Found by {@link ServiceLoader}. Immutable. */
public interface Suite {
    String name();

    /** Those who play, Forebay first. */
    List<Contender> contenders();

    List<Scenario> scenarios();

    /** What a run plays, in this order. */
    List<Play> plays(boolean quick);

    /** All suites: the one of the stores first, the others by name. */
    static List<Suite> all() {
        List<Suite> suites = new ArrayList<>();
        ServiceLoader.load(Suite.class).forEach(suites::add);
        suites.sort(Comparator.comparing((Suite suite) -> !suite.name().equals("stores"))
                .thenComparing(Suite::name));
        return suites;
    }

    /** @throws IllegalArgumentException when there is none */
    static Suite named(String name) {
        return all().stream()
                .filter(suite -> suite.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("There is no suite " + name));
    }

    /** @throws IllegalArgumentException when there is none */
    default Scenario scenario(String name) {
        return scenarios().stream()
                .filter(scenario -> scenario.id().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("There is no scenario " + name + " in " + name()));
    }

    /** @throws IllegalArgumentException when there is none */
    default Contender contender(String name) {
        return contenders().stream()
                .filter(contender -> contender.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("There is no contender " + name + " in " + name()));
    }
}
