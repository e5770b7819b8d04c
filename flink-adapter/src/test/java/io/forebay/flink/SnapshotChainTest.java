package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.flink.ChainJob.Outcome;
import io.forebay.flink.ChainJob.Settings;
import io.forebay.store.testing.Effort;
import io.forebay.store.testing.Figures;
import java.io.File;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.flink.core.execution.RecoveryClaimMode;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.local.LocalFileSystem;
import org.apache.flink.util.FileUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Chains of jobs, each started from a snapshot of the one before, in every combination of what the snapshot is, how it is
 * claimed, and how the next job stores and restores; with failures, aborted and unconfirmed checkpoints in between. What
 * the claim mode lets the user delete or move is deleted or moved. Every job is compared with a model of its state.
 */
class SnapshotChainTest {
    private static final int CHANGES = 150;
    private static final int MAX_LIVES = 6;

    private enum Kind {
        INCREMENTAL_CHECKPOINT,
        FULL_CHECKPOINT,
        NATIVE_SAVEPOINT,
        CANONICAL_SAVEPOINT;

        boolean isSavepoint() {
            return this == NATIVE_SAVEPOINT || this == CANONICAL_SAVEPOINT;
        }
    }

    private enum Scale {
        SAME,
        UP,
        DOWN
    }

    /** One job hands over to the next. */
    private record Step(Kind kind, RecoveryClaimMode mode, boolean merging, boolean localRecovery, Scale scale) {}

    @TempDir
    private File temporary;

    private final Figures figures = new Figures(SnapshotChainTest.class);
    private int savepoints;
    private int chains;

    @Test
    void everySnapshotCanBeRestoredWhateverTheUserMayDelete() throws Exception {
        String given = System.getProperty("forebay.seed");
        long seed = given == null ? ThreadLocalRandom.current().nextLong(1L << 48) : Long.parseLong(given);
        String line = "mvn -pl flink-adapter -am test -Dtest=SnapshotChainTest -Dforebay.seed=" + seed;
        List<Step> steps = steps();
        long wanted = Effort.of("chain.steps", steps.size(), 100L * steps.size());
        try {
            Random random = new Random(seed);
            for (long done = 0; done < wanted; done += steps.size()) {
                Collections.shuffle(steps, random);
                for (int from = 0; from < steps.size(); ) {
                    int to = Math.min(steps.size(), from + 2 + random.nextInt(MAX_LIVES - 1));
                    chain(steps.subList(from, to), random);
                    from = to;
                }
            }
        } catch (Exception | AssertionError e) {
            throw new AssertionError("Reproduce: " + line, e);
        } finally {
            figures.write();
        }
    }

    private static List<Step> steps() {
        List<Step> steps = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            for (RecoveryClaimMode mode : RecoveryClaimMode.values()) {
                for (Scale scale : Scale.values()) {
                    for (int bits = 0; bits < 4; bits++) {
                        steps.add(new Step(kind, mode, (bits & 1) != 0, (bits & 2) != 0, scale));
                    }
                }
            }
        }
        return steps;
    }

    private void chain(List<Step> steps, Random random) throws Exception {
        File root = new File(temporary, "chain-" + chains++);
        int parallelism = 1 + random.nextInt(3);
        ChainSnapshot source = null;
        Step started = null;
        CopyingFileSystem copying = new CopyingFileSystem();
        for (Step step : steps) {
            Settings settings = settings(started, step, random.nextBoolean() ? copying : new LocalFileSystem(), random);
            RecoveryClaimMode mode = started == null ? RecoveryClaimMode.NO_CLAIM : started.mode();
            try (ChainJob job = new ChainJob(root, settings, mode, source, parallelism, random)) {
                figures.add("jobs", 1);
                if (source == null) {
                    for (ChainSubtask subtask : job.subtasks()) {
                        BackendHarness.addBallast(subtask.states.backend);
                    }
                }
                boolean deleted = work(job, root, source, mode, parallelism, random);
                ChainSnapshot next = end(job, root, step.kind(), random);
                if (source != null && mode != RecoveryClaimMode.CLAIM && !deleted) {
                    // Not a file of what is the user's has gone.
                    source.checkFiles();
                }
                job.checkRetained(deleted);
                job.cancel();
                next.checkFiles();
                source = handOver(next, step, root, random);
                figures.add("files sent", job.sent);
                figures.add("files referred to", job.referred);
            }
            parallelism = parallelism(parallelism, step.scale(), random);
            started = step;
        }
        Settings settings = settings(started, started, new LocalFileSystem(), random);
        try (ChainJob last = new ChainJob(root, settings, started.mode(), source, parallelism, random)) {
            figures.add("jobs", 1);
            work(last, root, source, started.mode(), parallelism, random);
            last.cancel();
        }
        assertThat(copying.copies).as("copies by the storage").hasValue(0);
        FileUtils.deleteDirectory(root);
    }

    /** What the step before says of this job, and that it can end as the next one wants. */
    private static Settings settings(Step started, Step next, FileSystem files, Random random) {
        boolean incremental = next.kind() == Kind.INCREMENTAL_CHECKPOINT
                || next.kind() != Kind.FULL_CHECKPOINT && random.nextInt(4) > 0;
        return new Settings(
                incremental,
                started == null ? random.nextBoolean() : started.merging(),
                started == null ? random.nextBoolean() : started.localRecovery(),
                files,
                1 + random.nextInt(3),
                random.nextInt(3) == 0 ? 2000 : 0);
    }

    /** The life of a job; returns whether the user has deleted what it was started from. */
    private boolean work(
            ChainJob job, File root, ChainSnapshot source, RecoveryClaimMode mode, int parallelism, Random random)
            throws Exception {
        boolean deletes = mode == RecoveryClaimMode.NO_CLAIM && random.nextInt(3) > 0;
        boolean deleted = false;
        int now = parallelism;
        for (int round = 2 + random.nextInt(4); round > 0; round--) {
            job.change(random, CHANGES);
            Outcome outcome = random.nextInt(2) == 0
                    ? Outcome.COMPLETED
                    : Outcome.values()[random.nextInt(Outcome.values().length)];
            job.checkpoint(outcome);
            figures.add("checkpoints " + outcome.name().toLowerCase(Locale.ROOT), 1);
            if (deletes && !deleted && job.latest() != null) {
                deleteAllBut(root, job.directory());
                deleted = source != null;
            }
            if (random.nextInt(8) == 0) {
                job.savepoint(SavepointFormatType.values()[random.nextInt(2)], savepointDirectory(root));
                figures.add("savepoints", 1);
            }
            job.checkRetained(deleted);
            if (random.nextInt(3) == 0) {
                now = random.nextInt(3) == 0 ? 1 + random.nextInt(4) : now;
                job.failOver(now, random.nextInt(3) == 0, random);
                figures.add("failures", 1);
            }
        }
        return deleted;
    }

    private ChainSnapshot end(ChainJob job, File root, Kind kind, Random random) throws Exception {
        job.change(random, CHANGES);
        if (kind.isSavepoint()) {
            figures.add("savepoints", 1);
            // The job has a checkpoint as well, which the savepoint must not need.
            job.checkpoint(Outcome.COMPLETED);
            return job.savepoint(
                    kind == Kind.NATIVE_SAVEPOINT ? SavepointFormatType.NATIVE : SavepointFormatType.CANONICAL,
                    savepointDirectory(root));
        }
        job.checkpoint(Outcome.COMPLETED);
        return job.latest();
    }

    private File savepointDirectory(File root) {
        return new File(root, "savepoints/savepoint-" + savepoints++);
    }

    /** What the user does to a savepoint, which needs nothing but its own directory, before it is restored. */
    private ChainSnapshot handOver(ChainSnapshot next, Step step, File root, Random random) throws Exception {
        if (!step.kind().isSavepoint()) {
            return next;
        }
        ChainSnapshot here = next;
        File directory = new File(URI.create(next.pointer()).getPath());
        if (random.nextBoolean()) {
            File moved = savepointDirectory(root);
            assertThat(directory.renameTo(moved)).isTrue();
            here = next.movedTo(moved);
            directory = moved;
            figures.add("savepoints moved", 1);
        }
        if (random.nextInt(3) > 0) {
            deleteAllBut(root, directory);
        }
        return here;
    }

    /** Deletes all checkpoints and savepoints but those in {@code kept}. */
    private void deleteAllBut(File root, File kept) throws Exception {
        for (String kind : List.of("checkpoints", "savepoints")) {
            File[] directories = new File(root, kind).listFiles();
            for (File directory : directories == null ? new File[0] : directories) {
                if (!directory.getCanonicalFile().equals(kept.getCanonicalFile())) {
                    FileUtils.deleteDirectory(directory);
                    figures.add("directories deleted", 1);
                }
            }
        }
    }

    private static int parallelism(int now, Scale scale, Random random) {
        return switch (scale) {
            case SAME -> now;
            case UP -> Math.min(4, now + 1 + random.nextInt(2));
            case DOWN -> Math.max(1, now - 1 - random.nextInt(2));
        };
    }
}
