package io.forebay.bench;

import io.forebay.bench.report.Results;
import io.forebay.bench.scenarios.Contender;
import io.forebay.bench.scenarios.Measurement;
import io.forebay.bench.scenarios.Play;
import io.forebay.bench.scenarios.Suite;
import io.forebay.bench.system.Files;
import io.forebay.bench.worker.Home;
import io.forebay.bench.worker.WorkerProcess;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Plays scenarios on their contenders, each in a JVM of its own. The rounds of a play alternate between them, one contender at
 * a time, so that what the machine does meanwhile hits all alike.
 */
final class Run {
    private final Home home;
    private final List<String> javaOptions;
    private final File log;
    private final Path work;
    private final PrintStream terminal;
    private final Results results = new Results();

    /** @param work empty directory for the stores */
    Run(Home home, List<String> javaOptions, File log, Path work, PrintStream terminal) {
        this.home = home;
        this.javaOptions = javaOptions;
        this.log = log;
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
    void play(Suite suite, List<Play> plays, List<Contender> contenders, boolean inOneJvm) throws IOException {
        if (inOneJvm) {
            List<WorkerProcess> workers = new ArrayList<>();
            try {
                start(suite, contenders, workers);
                for (Play play : plays) {
                    for (int fork = 0; fork < play.forks(); fork++) {
                        fork(suite, play, fork, ofPlay(play, workers));
                    }
                }
            } finally {
                workers.forEach(WorkerProcess::close);
            }
            return;
        }
        for (Play play : plays) {
            for (int fork = 0; fork < play.forks(); fork++) {
                List<WorkerProcess> workers = new ArrayList<>();
                try {
                    start(
                            suite,
                            contenders.stream().filter(play.scenario()::isFor).toList(),
                            workers);
                    fork(suite, play, fork, workers);
                } finally {
                    workers.forEach(WorkerProcess::close);
                }
            }
        }
    }

    /** @param into gets those that have started, whatever happens */
    private void start(Suite suite, List<Contender> contenders, List<WorkerProcess> into) throws IOException {
        for (Contender contender : contenders) {
            into.add(new WorkerProcess(suite, contender, home, javaOptions, log));
        }
    }

    private static List<WorkerProcess> ofPlay(Play play, List<WorkerProcess> workers) {
        return workers.stream()
                .filter(worker -> play.scenario().isFor(worker.contender()))
                .toList();
    }

    private void fork(Suite suite, Play play, int fork, List<WorkerProcess> workers) throws IOException {
        List<WorkerProcess> inTurn = new ArrayList<>(workers);
        String title = play.scenario().title() + ", " + play.scale();
        String forkTitle = play.forks() == 1 ? "" : ", fork " + (fork + 1) + " of " + play.forks();
        terminal.print(title + forkTitle + ": warm-up");
        for (int round = 0; round <= play.rounds(); round++) {
            if (round > 0) {
                terminal.print(", " + round);
            }
            terminal.flush();
            int number = fork * play.rounds() + round;
            for (WorkerProcess worker : inTurn) {
                Contender contender = worker.contender();
                if (!worker.isAlive()) {
                    continue;
                }
                Path directory = work.resolve(contender.name() + "-" + number);
                try {
                    List<Measurement> measurements = worker.play(play, 31L * number + 7, directory.toFile());
                    if (round > 0) {
                        measurements.forEach(each -> results.add(suite, play, contender, number, each));
                    }
                } catch (IOException e) {
                    String failure = contender.title() + ", " + title + ": " + e.getMessage();
                    results.failed(failure);
                    terminal.println();
                    terminal.println("FAILED " + failure);
                    Files.deleteTree(directory);
                }
            }
            // The first timed round begins with Forebay, whose works give the rows their order.
            if (round > 0) {
                Collections.rotate(inTurn, 1);
            }
        }
        terminal.println(play.rounds() == 1 ? "" : " of " + play.rounds());
    }
}
