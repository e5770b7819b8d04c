package io.forebay.bench;

import io.forebay.bench.report.Results;
import io.forebay.bench.scenarios.Contender;
import io.forebay.bench.scenarios.Measurement;
import io.forebay.bench.scenarios.Play;
import io.forebay.bench.scenarios.Suite;
import io.forebay.bench.system.Files;
import io.forebay.bench.worker.Home;
import io.forebay.bench.worker.Workers;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;

/**
 * Plays scenarios on their contenders, each in a JVM of its own. The rounds of a play alternate between them, one contender at
 * a time, so that what the machine does meanwhile hits all alike.
 */
final class Run {
    private final Home home;
    private final Workers workers;
    private final Path work;
    private final PrintStream terminal;
    private final Results results = new Results();

    /** @param work empty directory for the stores */
    Run(Home home, List<String> javaOptions, File log, Path work, PrintStream terminal) {
        this.home = home;
        this.workers = new Workers(home, javaOptions, log);
        this.work = work;
        this.terminal = terminal;
    }

    Results results() {
        return results;
    }

    /** Those of {@code wanted} that can take part; the others are noted in the results. */
    List<Contender> installed(List<Contender> wanted) {
        List<Contender> installed = new ArrayList<>();
        for (Contender contender : wanted) {
            List<String> missing = home.missing(contender);
            if (missing.isEmpty()) {
                installed.add(contender);
            } else {
                results.missing(contender, "its jars are not there (" + String.join(", ", missing) + ")");
            }
        }
        return installed;
    }

    /**
     * Plays one after the other.
     *
     * @param inOneJvm all in one JVM for each contender, which saves starts and is the warmer the longer it takes; otherwise
     *     every fork of every play has new ones
     */
    void play(Suite suite, List<Play> plays, List<Contender> contenders, boolean inOneJvm) {
        try {
            for (Play play : plays) {
                List<Contender> able =
                        contenders.stream().filter(play.scenario()::isFor).toList();
                for (int fork = 0; fork < play.forks(); fork++) {
                    fork(suite, play, fork, able);
                    if (!inOneJvm) {
                        workers.close();
                    }
                }
            }
        } finally {
            workers.close();
        }
    }

    private void fork(Suite suite, Play play, int fork, List<Contender> contenders) {
        List<Contender> inTurn = new ArrayList<>(contenders);
        Set<Contender> out = new HashSet<>();
        String title = play.scenario().title() + ", " + play.scale();
        String forkTitle = play.forks() == 1 ? "" : ", fork " + (fork + 1) + " of " + play.forks();
        terminal.print(title + forkTitle + ": warm-up");
        for (int round = 0; round <= play.rounds(); round++) {
            if (round > 0) {
                terminal.print(", " + round);
            }
            terminal.flush();
            int number = fork * play.rounds() + round;
            for (Contender contender : inTurn) {
                if (out.contains(contender)) {
                    continue;
                }
                try {
                    List<Measurement> measurements = round(suite, play, contender, number);
                    if (round > 0) {
                        measurements.forEach(each -> results.add(suite, play, contender, number, each));
                    }
                } catch (CancellationException e) {
                    throw e;
                } catch (IOException | RuntimeException e) {
                    workers.throwIfStopped();
                    failed(contender.title() + ", " + title + ", " + (round == 0 ? "warm-up" : "round " + round) + ": "
                            + Objects.requireNonNullElse(e.getMessage(), e.toString()));
                    // A new JVM would be cold among warm ones, so it begins with the next fork.
                    out.add(contender);
                }
            }
            // The first timed round begins with Forebay, whose works give the rows their order.
            if (round > 0) {
                Collections.rotate(inTurn, 1);
            }
        }
        terminal.println(play.rounds() == 1 ? "" : " of " + play.rounds());
    }

    private List<Measurement> round(Suite suite, Play play, Contender contender, int number) throws IOException {
        Path directory = work.resolve(contender.name() + "-" + number);
        try {
            return workers.of(suite, contender).play(play, 31L * number + 7, directory.toFile());
        } catch (IOException e) {
            Files.deleteTree(directory);
            throw e;
        }
    }

    private void failed(String failure) {
        results.failed(failure);
        terminal.println();
        terminal.println("FAILED " + failure);
    }
}
