package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.flink.ChainJob.Outcome;
import io.forebay.flink.ChainJob.Settings;
import java.io.File;
import java.util.Random;
import org.apache.flink.core.execution.RecoveryClaimMode;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.local.LocalFileSystem;
import org.apache.flink.util.FileUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a snapshot may take over from another one, seen in the metadata files and after the other one is gone. */
class SnapshotSharingTest {
    @TempDir
    private File temporary;

    private final Random random = new Random(11);
    private final CopyingFileSystem copying = new CopyingFileSystem();

    private ChainJob job(
            boolean merging, FileSystem files, RecoveryClaimMode mode, ChainSnapshot source, int parallelism)
            throws Exception {
        return new ChainJob(
                temporary, new Settings(true, merging, false, files, 1, 0), mode, source, parallelism, random);
    }

    private ChainJob firstJob(FileSystem files) throws Exception {
        ChainJob job = job(false, files, RecoveryClaimMode.NO_CLAIM, null, 2);
        for (ChainSubtask subtask : job.subtasks()) {
            BackendHarness.addBallast(subtask.states.backend);
        }
        job.change(random, 500);
        return job;
    }

    private File savepoint(String name) {
        return new File(temporary, "savepoints/" + name);
    }

    /** The job fails and starts from its newest checkpoint, which must hold what the model says. */
    private void checkLatest(ChainJob job) throws Exception {
        job.latest().checkFiles();
        job.failOver(3, true, random);
    }

    @Test
    void filesOfAClaimedNativeSavepointAreSentAgain() throws Exception {
        FileSystem files = new LocalFileSystem();
        ChainSnapshot source;
        try (ChainJob first = firstJob(files)) {
            source = first.savepoint(SavepointFormatType.NATIVE, savepoint("claimed"));
        }
        try (ChainJob next = job(false, files, RecoveryClaimMode.CLAIM, source, 2)) {
            next.change(random, 10);
            next.checkpoint(Outcome.COMPLETED);
            assertThat(next.referred)
                    .as("files of the savepoint that the checkpoint refers to")
                    .isZero();
            assertThat(savepoint("claimed"))
                    .as("the savepoint that the checkpoint replaces")
                    .doesNotExist();
            checkLatest(next);
            next.checkpoint(Outcome.COMPLETED);
            assertThat(next.referred).as("files that the job has sent itself").isPositive();
            checkLatest(next);
        }
    }

    @Test
    void aJobThatMayNotShareACheckpointSendsItsOwnFiles() throws Exception {
        ChainSnapshot source;
        try (ChainJob first = firstJob(copying)) {
            first.checkpoint(Outcome.COMPLETED);
            source = first.latest();
            first.cancel();
        }
        checkFirstCheckpointWithoutClaim(source, new File(temporary, "checkpoints"));
    }

    @Test
    void aJobThatMayNotShareASavepointSendsItsOwnFiles() throws Exception {
        ChainSnapshot source;
        try (ChainJob first = firstJob(copying)) {
            source = first.savepoint(SavepointFormatType.NATIVE, savepoint("not-claimed"));
        }
        checkFirstCheckpointWithoutClaim(source, savepoint(""));
    }

    private void checkFirstCheckpointWithoutClaim(ChainSnapshot source, File there) throws Exception {
        File[] before = there.listFiles();
        try (ChainJob next = job(false, copying, RecoveryClaimMode.NO_CLAIM, source, 2)) {
            next.change(random, 10);
            next.checkpoint(Outcome.ABORTED);
            source.checkFiles();
            next.checkpoint(Outcome.COMPLETED);
            assertThat(next.referred).isZero();
            source.checkFiles();
            for (File directory : before) {
                FileUtils.deleteDirectory(directory);
            }
            checkLatest(next);
        }
        assertThat(copying.copies).hasValue(0);
    }

    @Test
    void aNativeSavepointNeedsNothingButItsDirectory() throws Exception {
        ChainSnapshot source;
        try (ChainJob first = firstJob(copying)) {
            first.checkpoint(Outcome.COMPLETED);
            source = moved(first.savepoint(SavepointFormatType.NATIVE, savepoint("a")), "a", "b");
            first.cancel();
            FileUtils.deleteDirectory(first.directory());
        }
        // Its files and those of the next savepoint have paths of the same kind and could have the same names.
        try (ChainJob next = job(false, copying, RecoveryClaimMode.CLAIM, source, 3)) {
            source = moved(next.savepoint(SavepointFormatType.NATIVE, savepoint("c")), "c", "d");
            FileUtils.deleteDirectory(savepoint("b"));
        }
        try (ChainJob last = job(false, copying, RecoveryClaimMode.CLAIM, source, 1)) {
            last.checkpoint(Outcome.COMPLETED);
            checkLatest(last);
        }
        assertThat(copying.copies).hasValue(0);
    }

    private ChainSnapshot moved(ChainSnapshot snapshot, String from, String to) {
        assertThat(savepoint(from).renameTo(savepoint(to))).isTrue();
        return snapshot.movedTo(savepoint(to));
    }

    /** The directory of subtask 0 of 10 begins with that of subtask 0 of 1, and Flink compares them no further. */
    @ParameterizedTest
    @CsvSource({"10,1", "20,2", "4,2", "2,4", "3,3"})
    void mergedFilesAreSentAgainAfterARestart(int before, int after) throws Exception {
        try (ChainJob job = job(true, new LocalFileSystem(), RecoveryClaimMode.NO_CLAIM, null, before)) {
            job.change(random, 2000);
            job.checkpoint(Outcome.COMPLETED);
            job.failOver(after, false, random);
            job.referred = 0;
            job.change(random, 10);
            job.checkpoint(Outcome.COMPLETED);
            assertThat(job.referred).as("files of earlier attempts").isZero();
            job.checkRetained(true);
            job.change(random, 10);
            job.checkpoint(Outcome.COMPLETED);
            assertThat(job.referred).as("files of this attempt").isPositive();
            job.checkRetained(true);
            checkLatest(job);
        }
    }

    /** Attempts that follow each other on one TaskManager share its count of the users of merged files. */
    @Test
    void mergedFilesSurviveSeveralAttemptsOnOneTaskManager() throws Exception {
        try (ChainJob job = job(true, new LocalFileSystem(), RecoveryClaimMode.NO_CLAIM, null, 3)) {
            for (ChainSubtask subtask : job.subtasks()) {
                BackendHarness.addBallast(subtask.states.backend);
            }
            job.checkpoint(Outcome.COMPLETED);
            job.change(random, 10);
            job.checkpoint(Outcome.COMPLETED_IN_SILENCE);
            for (int attempt = 0; attempt < 4; attempt++) {
                job.failOver(3, false, random);
                job.change(random, 10);
                job.checkpoint(Outcome.COMPLETED);
                job.checkRetained(true);
            }
        }
    }
}
