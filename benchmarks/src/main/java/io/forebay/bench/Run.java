package io.forebay.bench;

import io.forebay.bench.report.Results;
import io.forebay.bench.scenarios.Contender;
import io.forebay.bench.scenarios.Measurement;
import io.forebay.bench.scenarios.Play;
import io.forebay.bench.scenarios.Suite;
import io.forebay.bench.system.Files;
import io.forebay.bench.worker.Workers;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
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
    private final Workers workers;
    private final Path work;
    private final PrintStream terminal;
    private final Results results;

    /** @param work empty directory for the stores */
    Run(Workers workers, Path work, Results results, PrintStream terminal) {
        this.workers = workers;
        this.work = work;
        this.results = results;
        this.terminal = terminal;
    }

    /** From another thread: kills the JVMs, so that {@link #play} ends with a {@link CancellationException}. */
    void stop() {
        workers.stop();
    }

    /**
     * Plays one after the other.
     *
     * @param inOneJvm all in one JVM for each contender, which saves starts and is the warmer the longer it takes; otherwise
     *     every fork of every play has new ones
     * @param afterEach after each play
     */
    void play(Plan plan, boolean inOneJvm, Runnable afterEach) {
        try {
            for (Play play : plan.plays()) {
                List<Contender> able = plan.contenders(play);
                for (int fork = 0; fork < play.forks(); fork++) {
                    fork(plan.suite(), play, fork, able);
                    if (!inOneJvm) {
                        workers.close();
                    }
                }
                afterEach.run();
            }
        } finally {
            workers.close();
        }
    }

    private void fork(Suite suite, Play play, int fork, List<Contender> contenders) {
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
            // The first timed round begins with Forebay, whose works give the rows their order.
            for (Contender contender : ContenderOrder.order(contenders, Math.max(0, number - 1))) {
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
        }
        terminal.println(play.rounds() == 1 ? "" : " of " + play.rounds());
    }

    private List<Measurement> round(Suite suite, Play play, Contender contender, int number) throws IOException {
        Path directory =
                work.resolve(contender.name() + "-" + contender.jdk().label().replace(' ', '-') + "-" + number);
        try {
            return workers.of(suite, contender).play(play, 31L * number + 7, directory.toFile());
        } finally {
            // The worker deletes it, unless it has died.
            Files.deleteTree(directory);
        }
    }

    private void failed(String failure) {
        results.failed(failure);
        terminal.println();
        terminal.println("FAILED " + failure);
    }
}
