package io.forebay.examples.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.examples.auction.Workload;
import java.io.File;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 15, unit = TimeUnit.MINUTES)
class JobRunTest {
    private static final int EVENTS = 2000;

    @TempDir
    Path directory;

    private MiniCluster cluster;

    @BeforeEach
    void start() throws Exception {
        Collected.clear();
        Gate.forgetFirst();
        Configuration configuration = new Configuration();
        configuration.setString("rest.bind-port", "0");
        configuration.setString("rest.address", "localhost");
        // A machine that is busy with other work is slow, not broken.
        configuration.setString("pekko.ask.timeout", "5 min");
        configuration.setString("heartbeat.timeout", "5 min");
        configuration.setString("taskmanager.memory.managed.size", "64m");
        configuration.setString("io.tmp.dirs", directory.resolve("tmp").toString());
        cluster = new MiniCluster(new MiniClusterConfiguration.Builder()
                .setConfiguration(configuration)
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(1)
                .build());
        cluster.start();
    }

    @AfterEach
    void stop() throws Exception {
        cluster.close();
    }

    @Test
    void aStoppedJobGivesItsNewestCompletedCheckpoint() throws Exception {
        Gate.open(EVENTS / 2);
        JobRun run = JobRun.submit(cluster, job(null));
        run.await(() -> Gate.reached() + 1 >= EVENTS / 2, Gate::reached, "no event was processed");
        for (int i = 0; i < 5; i++) {
            run.checkpoint();
        }
        long completed = run.figures().completed();

        String path = run.stop();

        Path newest = Path.of(URI.create(path));
        assertThat(newest.getFileName()).hasToString("chk-" + completed);
        assertThat(newest.resolve("_metadata")).exists();
        Gate.forgetFirst();
        Gate.open(Long.MAX_VALUE);
        JobRun again = JobRun.submit(cluster, job(path));
        again.await(() -> finished(again), Gate::reached, "the job did not finish");
        assertThat(Gate.reached() + 1).isEqualTo(EVENTS);
    }

    @Test
    void waitingForAJobThatCannotStartThrowsWhatItFailedWith() throws Exception {
        Path torn = Files.createDirectories(directory.resolve("chk-7"));
        Files.write(torn.resolve("_metadata"), new byte[3]);
        JobRun run = JobRun.submit(cluster, job(torn.toUri().toString()));

        assertThatThrownBy(() -> run.await(() -> Gate.firstNanos() != 0, Gate::reached, "no event was processed"))
                .hasStackTraceContaining("loadCheckpointMetadata");
    }

    @Test
    void aJobThatWasStoppedTooEarlySaysSo() throws Exception {
        Gate.open(0);
        JobRun run = JobRun.submit(cluster, job(null));

        assertThatThrownBy(run::stop).isInstanceOf(IllegalStateException.class).hasMessageContaining("checkpoint");
    }

    private static boolean finished(JobRun run) {
        try {
            return run.isFinished();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private JobGraph job(String restoreFrom) throws Exception {
        Configuration configuration = new Configuration();
        configuration.setString("state.backend.type", "io.forebay.flink.ForebayStateBackendFactory");
        configuration.setString("execution.checkpointing.interval", "1 h");
        configuration.setString("execution.checkpointing.externalized-checkpoint-retention", "RETAIN_ON_CANCELLATION");
        configuration.setString(
                "execution.checkpointing.dir",
                new File(directory.toFile(), "checkpoints").toURI().toString());
        configuration.setString("restart-strategy.type", "none");
        if (restoreFrom != null) {
            configuration.setString("execution.state-recovery.path", restoreFrom);
        }
        return DemoJob.build(configuration, Workload.of(null, EVENTS), null, 1);
    }
}
