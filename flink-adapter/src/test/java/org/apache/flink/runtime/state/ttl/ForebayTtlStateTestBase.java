package org.apache.flink.runtime.state.ttl;

import io.forebay.flink.ForebayOptions.TimerService;
import io.forebay.flink.ForebayUnderTest;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.RunnableFuture;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.runtime.checkpoint.CheckpointOptions;
import org.apache.flink.runtime.checkpoint.SavepointType;
import org.apache.flink.runtime.state.CheckpointStorage;
import org.apache.flink.runtime.state.CheckpointStorageLocationReference;
import org.apache.flink.runtime.state.CheckpointableKeyedStateBackend;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SavepointResources;
import org.apache.flink.runtime.state.SavepointSnapshotStrategy;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.SnapshotStrategyRunner;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.memory.MemCheckpointStreamFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.io.TempDir;

/** Flink's own suite for state with a time to live, unchanged; a subclass chooses the mode. */
abstract class ForebayTtlStateTestBase extends TtlStateTestBase {
    @TempDir
    private static Path temporary;

    private final ForebayUnderTest.Mode mode;

    ForebayTtlStateTestBase(boolean fileStorage, boolean incremental) {
        mode = new ForebayUnderTest.Mode(fileStorage, incremental, TimerService.FOREBAY);
    }

    /** Native snapshots are files of the store: expired state leaves them when the store compacts, not for the snapshot. */
    @Override
    public boolean isSavepoint() {
        return false;
    }

    @Override
    protected StateBackendTestContext createStateBackendTestContext(TtlTimeProvider timeProvider) {
        return new StateBackendTestContext(timeProvider) {
            @Override
            protected StateBackend createStateBackend() {
                return mode.backend(directory("db"));
            }

            @Override
            protected CheckpointStorage createCheckpointStorage() {
                return mode.storage(directory("chk"));
            }

            @Override
            RunnableFuture<SnapshotResult<KeyedStateHandle>> triggerSnapshot() throws Exception {
                return isSavepoint() ? savepoint(getKeyedStateBackend()) : super.triggerSnapshot();
            }
        };
    }

    private static RunnableFuture<SnapshotResult<KeyedStateHandle>> savepoint(
            CheckpointableKeyedStateBackend<String> backend) throws Exception {
        SavepointResources<String> resources = backend.savepoint();
        RunnableFuture<SnapshotResult<KeyedStateHandle>> savepoint = new SnapshotStrategyRunner<>(
                        "savepoint",
                        new SavepointSnapshotStrategy<>(resources.getSnapshotResources()),
                        new CloseableRegistry(),
                        resources.getPreferredSnapshotExecutionType())
                .snapshot(
                        1L,
                        1L,
                        new MemCheckpointStreamFactory(1 << 20),
                        new CheckpointOptions(
                                SavepointType.savepoint(SavepointFormatType.CANONICAL),
                                CheckpointStorageLocationReference.getDefault()));
        savepoint.run();
        return savepoint;
    }

    private static File directory(String prefix) {
        try {
            return Files.createTempDirectory(temporary, prefix).toFile();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @AfterAll
    static void forebayWasUnderTest() {
        ForebayUnderTest.assertUsed(100);
    }
}
