package io.forebay.examples.flink;

import io.forebay.examples.report.Stall;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.runtime.checkpoint.CheckpointStatsSnapshot;
import org.apache.flink.runtime.checkpoint.CompletedCheckpointStats;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.minicluster.MiniCluster;

/**
 * One run of a job on a cluster: its waits end when the job does, however slow the machine is, and throw what the job died
 * of. One thread.
 */
final class JobRun {
    private static final long POLL_MILLIS = 5;

    private final MiniCluster cluster;
    private final JobID job;

    private JobRun(MiniCluster cluster, JobID job) {
        this.cluster = cluster;
        this.job = job;
    }

    static JobRun submit(MiniCluster cluster, JobGraph graph) throws Exception {
        cluster.submitJob(graph).get();
        return new JobRun(cluster, graph.getJobID());
    }

    CheckpointFigures figures() throws Exception {
        return CheckpointFigures.of(cluster, job);
    }

    /**
     * Waits for {@code condition}.
     *
     * @param progress a number that changes as long as there is hope
     * @param otherwise what has not happened, for the message
     * @throws Exception what the job failed with; an {@link IllegalStateException} when it ended in another way, or when
     *     nothing moves any more
     */
    void await(BooleanSupplier condition, LongSupplier progress, String otherwise) throws Exception {
        Stall stall = new Stall("flink: " + otherwise);
        while (!condition.getAsBoolean()) {
            if (hasEnded() && !condition.getAsBoolean()) {
                throwFailure();
                throw new IllegalStateException("flink: " + otherwise + " before the job ended");
            }
            stall.check(progress.getAsLong());
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
    }

    /** True once the job has ended, in whatever way; a job that failed throws instead. */
    boolean isFinished() throws Exception {
        if (!hasEnded()) {
            return false;
        }
        throwFailure();
        return true;
    }

    /**
     * Takes a checkpoint. Tries again as long as the job lives: right after a start or a recovery, tasks may not run yet.
     */
    void checkpoint() throws Exception {
        Stall stall = new Stall("flink: no checkpoint was completed");
        while (true) {
            try {
                cluster.triggerCheckpoint(job).get();
                return;
            } catch (ExecutionException e) {
                if (hasEnded()) {
                    throwFailure();
                    throw e;
                }
                stall.check(0);
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS * 10);
            }
        }
    }

    /**
     * Cancels the job and waits for its end.
     *
     * @return the path of the newest checkpoint that the job has completed. It is asked for after the end, because an
     *     earlier one may have been replaced meanwhile, and a later one may never be completed.
     */
    String stop() throws Exception {
        cluster.cancelJob(job).get();
        cluster.requestJobResult(job).get();
        CheckpointStatsSnapshot stats = cluster.getExecutionGraph(job).get().getCheckpointStatsSnapshot();
        CompletedCheckpointStats newest =
                stats == null ? null : stats.getHistory().getLatestCompletedCheckpoint();
        if (newest == null) {
            throw new IllegalStateException("flink: the job was stopped before it had completed a checkpoint");
        }
        return newest.getExternalPath();
    }

    private boolean hasEnded() throws Exception {
        return cluster.getJobStatus(job).get().isGloballyTerminalState();
    }

    /** Only of a job that has ended. */
    private void throwFailure() throws Exception {
        if (cluster.getJobStatus(job).get() != JobStatus.FINISHED) {
            cluster.requestJobResult(job).get().toJobExecutionResult(getClass().getClassLoader());
        }
    }
}
