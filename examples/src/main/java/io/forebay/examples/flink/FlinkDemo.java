package io.forebay.examples.flink;

import io.forebay.examples.auction.Answers;
import io.forebay.examples.auction.Workload;
import io.forebay.examples.report.Report;
import io.forebay.examples.report.Screen;
import io.forebay.examples.report.Stall;
import java.io.File;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;

/**
 * Runs the job with incremental checkpoints every second, fails a task, lets it recover, stops the job half-way, starts it
 * again from its checkpoint at another parallelism, and compares everything that it computed with an independent computation.
 */
public final class FlinkDemo {
    private static final int FIRST_PARALLELISM = 2;
    private static final int SECOND_PARALLELISM = 3;

    private final Workload workload;
    private final File input;
    private final Answers expected;
    private final File directory;
    private final Screen screen;
    private CheckpointFigures figures = CheckpointFigures.NONE;

    /** @param input the file behind the workload, or null */
    public FlinkDemo(Workload workload, File input, Answers expected, File directory, Screen screen) {
        this.workload = workload;
        this.input = input;
        this.expected = expected;
        this.directory = directory;
        this.screen = screen;
    }

    public Report.Row run() throws Exception {
        Collected.clear();
        MiniClusterConfiguration configuration = new MiniClusterConfiguration.Builder()
                .setConfiguration(clusterConfiguration())
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(SECOND_PARALLELISM)
                .build();
        try (MiniCluster cluster = new MiniCluster(configuration)) {
            cluster.start();
            screen.say("flink: MiniCluster is up");
            long size = workload.size();
            long started = System.nanoTime();
            Gate.open(size / 4);
            JobRun first =
                    JobRun.submit(cluster, DemoJob.build(jobConfiguration(null), workload, input, FIRST_PARALLELISM));
            screen.say("flink: job runs at parallelism %d, its state is in Forebay", FIRST_PARALLELISM);
            awaitReached(first, size / 4);
            checkpoint(first);
            long recoverMillis = failAndRecover(first, size / 2);
            awaitReached(first, size / 2);
            checkpoint(first);
            figures = first.figures();
            String path = first.stop();
            screen.say(
                    "flink: job stopped at %,d of %,d events, %d checkpoints so far",
                    Gate.reached() + 1, size, figures.completed());
            long rescaleMillis = finish(cluster, path);
            double seconds = (System.nanoTime() - started) / 1e9;
            return report(size / seconds, recoverMillis, rescaleMillis);
        }
    }

    private Report.Row report(double eventsPerSecond, long recoverMillis, long rescaleMillis) {
        List<String> differences = expected.differences(Collected.answers());
        for (String difference : differences) {
            screen.say("flink: DIFFERENT %s", difference);
        }
        screen.say(
                "flink: %,d results compared, %s", expected.count(), differences.isEmpty() ? "all equal" : "NOT EQUAL");
        return new Report.Row(
                "Flink",
                workload.size(),
                eventsPerSecond,
                figures.stateBytes(),
                figures.pauseMillis(),
                figures.durationMillis(),
                recoverMillis,
                rescaleMillis,
                differences.isEmpty());
    }

    /** @return milliseconds from the failure to the first event after it */
    private long failAndRecover(JobRun run, long nextLimit) throws Exception {
        Gate.failNextEvent();
        Gate.open(nextLimit);
        run.await(Gate::hasFailed, Gate::reached, "the task did not fail");
        long failed = System.nanoTime();
        run.await(() -> Gate.firstNanos() != 0, Gate::reached, "the job did not recover");
        long millis = TimeUnit.NANOSECONDS.toMillis(Gate.firstNanos() - failed);
        screen.say("flink: a task failed on purpose; the job recovered from its checkpoint in %,d ms", millis);
        return millis;
    }

    /** Runs the second half from the checkpoint. @return milliseconds from the submission to the first event */
    private long finish(MiniCluster cluster, String checkpoint) throws Exception {
        JobGraph graph = DemoJob.build(jobConfiguration(checkpoint), workload, input, SECOND_PARALLELISM);
        Gate.forgetFirst();
        Gate.open(Long.MAX_VALUE);
        long submitted = System.nanoTime();
        JobRun second = JobRun.submit(cluster, graph);
        second.await(() -> Gate.firstNanos() != 0, Gate::reached, "the rescaled job processed no event");
        long millis = TimeUnit.NANOSECONDS.toMillis(Gate.firstNanos() - submitted);
        screen.say(
                "flink: job runs again from its checkpoint at parallelism %d, first event after %,d ms",
                SECOND_PARALLELISM, millis);
        showUntil(second::isFinished, second);
        figures = figures.worstWith(second.figures());
        return millis;
    }

    private void checkpoint(JobRun run) throws Exception {
        run.checkpoint();
        CheckpointFigures now = run.figures();
        screen.say(
                "flink: checkpoint %d complete, %s, pause %d ms (longest %d ms), duration %d ms",
                now.completed(),
                Report.bytes(now.stateBytes()),
                now.pauseMillis(),
                now.longestPauseMillis(),
                now.durationMillis());
    }

    private void awaitReached(JobRun run, long index) throws Exception {
        showUntil(() -> Gate.reached() + 1 >= index || run.isFinished(), run);
    }

    private void showUntil(Callable<Boolean> done, JobRun run) throws Exception {
        long shownAt = System.nanoTime();
        long shown = Gate.reached();
        Stall stall = new Stall("flink: no event was processed");
        while (!done.call()) {
            stall.check(Gate.reached());
            long nanos = System.nanoTime() - shownAt;
            if (nanos > 1_000_000_000L) {
                CheckpointFigures now = run.figures();
                screen.say(
                        "flink: %,d of %,d events  %,.0f/s  state %s  checkpoints %d",
                        Gate.reached() + 1,
                        workload.size(),
                        (Gate.reached() - shown) / (nanos / 1e9),
                        Report.bytes(now.stateBytes()),
                        now.completed());
                shownAt = System.nanoTime();
                shown = Gate.reached();
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    private Configuration clusterConfiguration() {
        Configuration configuration = new Configuration();
        configuration.setString("taskmanager.memory.managed.size", "384m");
        configuration.setString("rest.bind-port", "0");
        // A machine that is busy with other work is slow, not broken.
        configuration.setString("pekko.ask.timeout", "5 min");
        configuration.setString("heartbeat.timeout", "5 min");
        configuration.setString("rest.address", "localhost");
        configuration.setString("io.tmp.dirs", new File(directory, "flink-tmp").getPath());
        return configuration;
    }

    private Configuration jobConfiguration(String restoreFrom) {
        Configuration configuration = new Configuration();
        // The line that replaces RocksDB.
        configuration.setString("state.backend.type", "io.forebay.flink.ForebayStateBackendFactory");
        configuration.setString("execution.checkpointing.interval", "1 s");
        configuration.setString("execution.checkpointing.incremental", "true");
        configuration.setString("execution.checkpointing.externalized-checkpoint-retention", "RETAIN_ON_CANCELLATION");
        configuration.setString(
                "execution.checkpointing.dir",
                new File(directory, "flink-checkpoints").toURI().toString());
        configuration.setString("restart-strategy.type", "fixed-delay");
        configuration.setString("restart-strategy.fixed-delay.attempts", "3");
        configuration.setString("restart-strategy.fixed-delay.delay", "100 ms");
        Optional.ofNullable(restoreFrom)
                .ifPresent(path -> configuration.setString("execution.state-recovery.path", path));
        return configuration;
    }
}
