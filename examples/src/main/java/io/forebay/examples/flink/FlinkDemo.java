package io.forebay.examples.flink;

import io.forebay.examples.auction.Answers;
import io.forebay.examples.auction.Workload;
import io.forebay.examples.report.Report;
import io.forebay.examples.report.Screen;
import io.forebay.examples.report.Stall;
import java.io.File;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
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
            JobGraph first = DemoJob.build(jobConfiguration(null), workload, input, FIRST_PARALLELISM);
            cluster.submitJob(first).get();
            screen.say("flink: job runs at parallelism %d, its state is in Forebay", FIRST_PARALLELISM);
            awaitReached(cluster, first.getJobID(), size / 4);
            checkpoint(cluster, first.getJobID());
            long recoverMillis = failAndRecover(size / 2);
            awaitReached(cluster, first.getJobID(), size / 2);
            String path = checkpoint(cluster, first.getJobID());
            figures = CheckpointFigures.of(cluster, first.getJobID());
            cluster.cancelJob(first.getJobID()).get();
            cluster.requestJobResult(first.getJobID()).get();
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
    private long failAndRecover(long nextLimit) throws InterruptedException {
        Gate.failNextEvent();
        Gate.open(nextLimit);
        await(Gate::hasFailed, "the task did not fail");
        long failed = System.nanoTime();
        await(() -> Gate.firstNanos() != 0, "the job did not recover");
        long millis = TimeUnit.NANOSECONDS.toMillis(Gate.firstNanos() - failed);
        screen.say("flink: a task failed on purpose; the job recovered from its checkpoint in %,d ms", millis);
        return millis;
    }

    /** Runs the second half from the checkpoint. @return milliseconds from the submission to the first event */
    private long finish(MiniCluster cluster, String checkpoint) throws Exception {
        JobGraph second = DemoJob.build(jobConfiguration(checkpoint), workload, input, SECOND_PARALLELISM);
        Gate.forgetFirst();
        Gate.open(Long.MAX_VALUE);
        long submitted = System.nanoTime();
        cluster.submitJob(second).get();
        await(() -> Gate.firstNanos() != 0 || isDone(cluster, second.getJobID()), "the rescaled job did not start");
        long millis = TimeUnit.NANOSECONDS.toMillis(Gate.firstNanos() - submitted);
        screen.say(
                "flink: job runs again from its checkpoint at parallelism %d, first event after %,d ms",
                SECOND_PARALLELISM, millis);
        awaitDone(cluster, second.getJobID());
        figures = figures.worstWith(CheckpointFigures.of(cluster, second.getJobID()));
        cluster.requestJobResult(second.getJobID())
                .get()
                .toJobExecutionResult(getClass().getClassLoader());
        return millis;
    }

    private String checkpoint(MiniCluster cluster, JobID job) throws Exception {
        String path = triggerCheckpoint(cluster, job);
        CheckpointFigures now = CheckpointFigures.of(cluster, job);
        screen.say(
                "flink: checkpoint %d complete, %s, pause %d ms (longest %d ms), duration %d ms",
                now.completed(),
                Report.bytes(now.stateBytes()),
                now.pauseMillis(),
                now.longestPauseMillis(),
                now.durationMillis());
        return path;
    }

    /** Triggers until one succeeds: right after a start or a recovery, tasks may not run yet. */
    private static String triggerCheckpoint(MiniCluster cluster, JobID job) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (true) {
            try {
                return cluster.triggerCheckpoint(job).get(60, TimeUnit.SECONDS);
            } catch (ExecutionException e) {
                if (System.nanoTime() > deadline) {
                    throw e;
                }
                TimeUnit.MILLISECONDS.sleep(50);
            }
        }
    }

    private void awaitReached(MiniCluster cluster, JobID job, long index) throws Exception {
        showWhile(() -> Gate.reached() + 1 < index, cluster, job);
    }

    private void awaitDone(MiniCluster cluster, JobID job) throws Exception {
        showWhile(() -> !isDone(cluster, job), cluster, job);
    }

    private void showWhile(BooleanSupplier busy, MiniCluster cluster, JobID job) throws Exception {
        long shownAt = System.nanoTime();
        long shown = Gate.reached();
        Stall stall = new Stall("flink: no event was processed");
        while (busy.getAsBoolean()) {
            stall.check(Gate.reached());
            JobStatus status = cluster.getJobStatus(job).get();
            if (status.isGloballyTerminalState() && status != JobStatus.FINISHED) {
                cluster.requestJobResult(job)
                        .get()
                        .toJobExecutionResult(getClass().getClassLoader());
            }
            long nanos = System.nanoTime() - shownAt;
            if (nanos > 1_000_000_000L) {
                CheckpointFigures now = CheckpointFigures.of(cluster, job);
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

    private static boolean isDone(MiniCluster cluster, JobID job) {
        try {
            return cluster.getJobStatus(job).get().isGloballyTerminalState();
        } catch (Exception e) {
            throw new IllegalStateException("The MiniCluster does not answer", e);
        }
    }

    private static void await(BooleanSupplier condition, String otherwise) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("flink: " + otherwise + " within 60 s");
            }
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    private Configuration clusterConfiguration() {
        Configuration configuration = new Configuration();
        configuration.setString("taskmanager.memory.managed.size", "384m");
        configuration.setString("rest.bind-port", "0");
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
        // The one that the job starts again from may be followed by another one before the job has stopped.
        configuration.setString("execution.checkpointing.num-retained", "3");
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
