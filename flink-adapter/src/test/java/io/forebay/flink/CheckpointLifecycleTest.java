package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RunnableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.core.fs.Path;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.checkpoint.SavepointType;
import org.apache.flink.runtime.state.CheckpointStateOutputStream;
import org.apache.flink.runtime.state.CheckpointStorageAccess;
import org.apache.flink.runtime.state.CheckpointStorageLocationReference;
import org.apache.flink.runtime.state.CheckpointStreamFactory;
import org.apache.flink.runtime.state.CheckpointedStateScope;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SharedStateRegistryImpl;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.changelog.ChangelogStateBackendHandle;
import org.apache.flink.runtime.state.changelog.ChangelogStateBackendHandle.ChangelogStateBackendHandleImpl;
import org.apache.flink.runtime.state.storage.FileSystemCheckpointStorage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checkpoints that complete, abort, subsume each other, fail or are cancelled, with files that are really deleted. */
@Tag("smoke")
class CheckpointLifecycleTest {
    private static final KeyGroupRange ALL = new KeyGroupRange(0, 9);

    @TempDir
    private File temporary;

    private final Random random = new Random(42);
    private final KeyedModel model = new KeyedModel(10);
    private final SharedStateRegistryImpl jobManager = new SharedStateRegistryImpl(Runnable::run);
    private BackendHarness slot;
    private CheckpointStorageAccess storage;
    private File checkpoints;
    private KeyedModel.States states;

    @BeforeEach
    void open() throws Exception {
        slot = new BackendHarness();
        checkpoints = new File(temporary, "checkpoints");
        storage = new FileSystemCheckpointStorage(new Path(checkpoints.toURI()), 0, -1)
                .createCheckpointStorage(new JobID());
        storage.initializeBaseLocationsForCheckpoint();
        states = states(List.of());
        BackendHarness.addBallast(states.backend);
    }

    @AfterEach
    void close() throws Exception {
        slot.close();
    }

    private KeyedModel.States states(Collection<KeyedStateHandle> handles) throws Exception {
        return new KeyedModel.States(
                slot.forebay(BackendHarness.options(temporary), StringSerializer.INSTANCE, 10, ALL, handles));
    }

    private CheckpointStreamFactory target(long checkpointId) throws IOException {
        return storage.resolveCheckpointStorageLocation(checkpointId, CheckpointStorageLocationReference.getDefault());
    }

    private IncrementalRemoteKeyedStateHandle checkpoint(long id) throws Exception {
        model.change(random, List.of(states), 500);
        return checkpointOfNoChange(id);
    }

    private IncrementalRemoteKeyedStateHandle checkpointOfNoChange(long id) throws Exception {
        return BackendHarness.remote(
                BackendHarness.snapshot(states.backend, id, CheckpointType.CHECKPOINT, target(id)));
    }

    /** What the JobManager does when it completes a checkpoint and keeps only that one. */
    private void completeAtJobManager(long id, IncrementalRemoteKeyedStateHandle handle) {
        handle.registerSharedStates(jobManager, id);
        jobManager.checkpointCompleted(id);
        jobManager.unregisterUnusedState(id);
    }

    private void complete(long id, IncrementalRemoteKeyedStateHandle handle) throws Exception {
        completeAtJobManager(id, handle);
        states.backend.notifyCheckpointComplete(id);
        states.backend.notifyCheckpointSubsumed(id - 1);
    }

    /** A checkpoint that the JobManager has completed; the backend does not know of that. */
    private IncrementalRemoteKeyedStateHandle completedAtJobManager(long id) throws Exception {
        IncrementalRemoteKeyedStateHandle handle = checkpoint(id);
        completeAtJobManager(id, handle);
        return handle;
    }

    private void restoreAndCheck(IncrementalRemoteKeyedStateHandle handle) throws Exception {
        slot.dispose(states.backend);
        states = states(List.of(handle));
        model.check(states);
    }

    @Test
    void completedCheckpointsBuildOnEachOther() throws Exception {
        IncrementalRemoteKeyedStateHandle handle = null;
        for (long id = 1; id <= 8; id++) {
            IncrementalRemoteKeyedStateHandle completed = handle;
            handle = checkpoint(id);
            if (completed != null) {
                BackendHarness.checkReferences(completed, handle);
            }
            complete(id, handle);
        }
        // What the compactions in the background have left of those files is theirs; from here on they have nothing to
        // do.
        BackendHarness.settle(states.backend);
        IncrementalRemoteKeyedStateHandle settled = checkpointOfNoChange(9);
        complete(9, settled);
        IncrementalRemoteKeyedStateHandle same = checkpointOfNoChange(10);
        assertThat(BackendHarness.references(same)).isNotEmpty().doesNotContainValue(false);
        complete(10, same);
        restoreAndCheck(same);
    }

    @Test
    void nothingOfAnUnconfirmedCheckpointIsReferredTo() throws Exception {
        IncrementalRemoteKeyedStateHandle first = checkpoint(1);
        IncrementalRemoteKeyedStateHandle second = checkpoint(2);
        assertThat(BackendHarness.references(second)).doesNotContainValue(true);
        // The JobManager aborts the first and deletes its files; the second does not miss them.
        first.discardState();
        states.backend.notifyCheckpointAborted(1);
        completeAtJobManager(2, second);
        states.backend.notifyCheckpointComplete(2);
        IncrementalRemoteKeyedStateHandle third = checkpoint(3);
        BackendHarness.checkReferences(second, third);
        completeAtJobManager(3, third);
        restoreAndCheck(third);
    }

    @Test
    void aLateConfirmationDoesNotBringDeletedFilesBack() throws Exception {
        IncrementalRemoteKeyedStateHandle first = checkpoint(1);
        IncrementalRemoteKeyedStateHandle second = checkpoint(2);
        first.registerSharedStates(jobManager, 1);
        // The JobManager has completed both, so copies of the first are gone, but only the first is known here.
        completeAtJobManager(2, second);
        states.backend.notifyCheckpointComplete(1);
        restoreAndCheck(completedAtJobManager(3));
    }

    @Test
    void anAbortedCheckpointLeavesTheLastCompletedOneUsable() throws Exception {
        IncrementalRemoteKeyedStateHandle first = completedAtJobManager(1);
        states.backend.notifyCheckpointComplete(1);
        IncrementalRemoteKeyedStateHandle second = checkpoint(2);
        second.discardState();
        states.backend.notifyCheckpointAborted(2);
        IncrementalRemoteKeyedStateHandle third = checkpoint(3);
        BackendHarness.checkReferences(first, third);
        completeAtJobManager(3, third);
        restoreAndCheck(third);
    }

    /** As those of the changelog backend are, which numbers its snapshots from 1 on when it takes over a job. */
    @Test
    void idsMayBeginAnewAfterARestore() throws Exception {
        IncrementalRemoteKeyedStateHandle completed = checkpoint(500);
        complete(500, completed);
        restoreAndCheck(completed);
        for (long id = 1; id <= 4; id++) {
            IncrementalRemoteKeyedStateHandle next = checkpoint(id);
            BackendHarness.checkReferences(completed, next);
            completeAtJobManager(500 + id, next);
            states.backend.notifyCheckpointComplete(id);
            completed = next;
        }
        restoreAndCheck(completed);
    }

    @Test
    void anIdThatComesAgainAfterARestoreIsNotTakenForTheRestoredOne() throws Exception {
        IncrementalRemoteKeyedStateHandle restored = checkpoint(2);
        complete(2, restored);
        restoreAndCheck(restored);
        IncrementalRemoteKeyedStateHandle last = null;
        for (long id = 1; id <= 3; id++) {
            last = checkpoint(id);
        }
        // Of these three, the JobManager has seen the last one only.
        completeAtJobManager(3, last);
        restoreAndCheck(last);
    }

    /** It makes paths absolute, after the JobManager has registered what is shared as the savepoint has it. */
    @Test
    void theChangelogBackendTakesOverANativeSavepoint() throws Exception {
        model.change(random, List.of(states), 500);
        KeyedStateHandle savepoint = MetadataTrip.of(List.of(BackendHarness.remote(BackendHarness.snapshot(
                        states.backend, 1, SavepointType.savepoint(SavepointFormatType.NATIVE), target(1)))))
                .get(0);
        savepoint.registerSharedStates(jobManager, 1);
        ChangelogStateBackendHandle takenOver =
                ChangelogStateBackendHandleImpl.getChangelogStateBackendHandle(savepoint);
        takenOver.registerSharedStates(jobManager, 2);
        jobManager.checkpointCompleted(2);
        jobManager.unregisterUnusedState(2);
        restoreAndCheck((IncrementalRemoteKeyedStateHandle)
                takenOver.getMaterializedStateHandles().get(0));
    }

    @Test
    void aFailedUploadLeavesNothingBehind() throws Exception {
        completedAtJobManager(1);
        states.backend.notifyCheckpointComplete(1);
        int filesBefore = BackendHarness.files(checkpoints);
        model.change(random, List.of(states), 500);
        CheckpointStreamFactory failing = new Wrapped(target(2)) {
            private final AtomicInteger streams = new AtomicInteger();

            @Override
            public CheckpointStateOutputStream createCheckpointStateOutputStream(CheckpointedStateScope scope)
                    throws IOException {
                if (scope == CheckpointedStateScope.EXCLUSIVE) {
                    throw new IOException("storage is full");
                }
                streams.incrementAndGet();
                return super.createCheckpointStateOutputStream(scope);
            }
        };
        assertThatThrownBy(() -> BackendHarness.snapshot(states.backend, 2, CheckpointType.CHECKPOINT, failing))
                .hasRootCauseMessage("storage is full");
        assertThat(BackendHarness.files(checkpoints)).as("files in the storage").isEqualTo(filesBefore);
        states.backend.notifyCheckpointAborted(2);
        restoreAndCheck(completedAtJobManager(3));
    }

    /** The first snapshot, whose asynchronous part has not been started. */
    private RunnableFuture<SnapshotResult<KeyedStateHandle>> unstartedSnapshot() throws Exception {
        model.change(random, List.of(states), 500);
        return states.backend.snapshot(1, 1, target(1), BackendHarness.options(CheckpointType.CHECKPOINT));
    }

    @Test
    void aCancelledSnapshotReleasesItsFilesAndTheBackendGoesOn() throws Exception {
        RunnableFuture<SnapshotResult<KeyedStateHandle>> snapshot = unstartedSnapshot();
        assertThat(snapshot.cancel(true)).isTrue();
        snapshot.run();
        assertThatThrownBy(snapshot::get).isInstanceOf(CancellationException.class);
        restoreAndCheck(completedAtJobManager(2));
    }

    @Test
    void disposingABackendEndsARunningSnapshot() throws Exception {
        RunnableFuture<SnapshotResult<KeyedStateHandle>> snapshot = unstartedSnapshot();
        slot.dispose(states.backend);
        snapshot.run();
        assertThat(snapshot.isCancelled()).isTrue();
        assertThat(BackendHarness.files(checkpoints)).as("files in the storage").isZero();
    }

    @Test
    void withoutIncrementalCheckpointsEverySnapshotIsSelfContained() throws Exception {
        slot.dispose(states.backend);
        Configuration options = BackendHarness.options(temporary);
        options.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, false);
        states = new KeyedModel.States(slot.forebay(options, StringSerializer.INSTANCE, 10, ALL, List.of()));
        IncrementalRemoteKeyedStateHandle handle = null;
        for (long id = 1; id <= 3; id++) {
            if (handle != null) {
                handle.discardState();
            }
            handle = checkpoint(id);
            assertThat(handle.getSharedState()).isEmpty();
            assertThat(handle.getPrivateState()).isNotEmpty();
            states.backend.notifyCheckpointComplete(id);
        }
        restoreAndCheck(handle);
    }

    /** A storage whose methods a test can replace. */
    private static class Wrapped implements CheckpointStreamFactory {
        private final CheckpointStreamFactory storage;

        Wrapped(CheckpointStreamFactory storage) {
            this.storage = storage;
        }

        @Override
        public CheckpointStateOutputStream createCheckpointStateOutputStream(CheckpointedStateScope scope)
                throws IOException {
            return storage.createCheckpointStateOutputStream(scope);
        }

        @Override
        public boolean canFastDuplicate(StreamStateHandle handle, CheckpointedStateScope scope) {
            return false;
        }

        @Override
        public List<StreamStateHandle> duplicate(List<StreamStateHandle> handles, CheckpointedStateScope scope) {
            throw new UnsupportedOperationException();
        }
    }
}
