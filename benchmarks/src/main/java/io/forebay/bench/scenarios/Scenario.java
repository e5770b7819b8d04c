package io.forebay.bench.scenarios;

/** A story that is played on every contender that can. Immutable. */
public interface Scenario {
    /** Lower case, unique over all suites. */
    String id();

    /** What the reports call it. */
    String title();

    /** False when the contender lacks what the story needs. */
    boolean isFor(Contender contender);

    /** Plays once, from an empty directory on, and reports one or more works; they have the same names on all contenders. */
    void play(Trial trial);
}
