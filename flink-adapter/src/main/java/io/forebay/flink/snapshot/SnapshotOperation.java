package io.forebay.flink.snapshot;

import io.forebay.flink.io.TransientFileStore;
import io.forebay.store.Checkpoint;
import io.forebay.store.CheckpointFile;
import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import javax.annotation.Nullable;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.core.memory.DataOutputViewStreamWrapper;
import org.apache.flink.runtime.checkpoint.SnapshotType.SharingFilesStrategy;
import org.apache.flink.runtime.checkpoint.filemerging.FileMergingSnapshotManager;
import org.apache.flink.runtime.state.CheckpointStreamFactory;
import org.apache.flink.runtime.state.CheckpointStreamWithResultProvider;
import org.apache.flink.runtime.state.CheckpointedStateScope;
import org.apache.flink.runtime.state.DirectoryStateHandle;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle.HandleAndLocalPath;
import org.apache.flink.runtime.state.IncrementalLocalKeyedStateHandle;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.LocalRecoveryConfig;
import org.apache.flink.runtime.state.LocalSnapshotDirectoryProvider;
import org.apache.flink.runtime.state.PlaceholderStreamStateHandle;
import org.apache.flink.runtime.state.SnapshotDirectory;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.SnapshotStrategy;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.util.IOUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The asynchronous part of one native snapshot. It waits until the files of the store's checkpoint exist, uploads the
 * files that the checkpoint storage does not have, writes the metadata, and makes the handle. After a failure nothing of
 * the snapshot stays in the checkpoint storage. Used by one thread.
 */
final class SnapshotOperation<K> implements SnapshotStrategy.SnapshotResultSupplier<KeyedStateHandle> {
    private static final Logger LOG = LoggerFactory.getLogger(SnapshotOperation.class);

    private final ForebaySnapshotStrategy.Resources<K> resources;
    private final SnapshotTarget target;
    private final long checkpointId;
    private final CheckpointStreamFactory streamFactory;
    private final SharingFilesStrategy sharing;
    /** Whether later snapshots may refer to the files. */
    private final boolean shared;

    private final CheckpointedStateScope scope;

    private final CreatedState created = new CreatedState();
    private final List<HandleAndLocalPath> files = new ArrayList<>();
    private final Map<String, UploadHistory.Upload> uploads = new HashMap<>();
    private final List<StreamStateHandle> reused = new ArrayList<>();
    private long writtenBytes;

    SnapshotOperation(
            ForebaySnapshotStrategy.Resources<K> resources,
            SnapshotTarget target,
            long checkpointId,
            CheckpointStreamFactory streamFactory,
            SharingFilesStrategy sharing) {
        this.resources = resources;
        this.target = target;
        this.checkpointId = checkpointId;
        this.streamFactory = streamFactory;
        this.sharing = sharing;
        this.shared = target.isIncremental() && sharing != SharingFilesStrategy.NO_SHARING;
        this.scope = shared ? CheckpointedStateScope.SHARED : CheckpointedStateScope.EXCLUSIVE;
    }

    @Override
    public SnapshotResult<KeyedStateHandle> get(CloseableRegistry cancelRegistry) throws Exception {
        SnapshotDirectory localDirectory = null;
        boolean completed = false;
        try {
            Checkpoint checkpoint = resources.checkpoint;
            awaitFiles(checkpoint, cancelRegistry);
            localDirectory = backUpLocally(checkpoint);
            bringFiles(checkpoint, cancelRegistry);
            SnapshotResult<StreamStateHandle> metadata = writeMetadata(checkpoint.metadata(), cancelRegistry);
            if (shared) {
                target.history().uploaded(checkpointId, uploads);
            }
            SnapshotResult<KeyedStateHandle> result = result(metadata, localDirectory);
            completed = true;
            return result;
        } finally {
            if (completed) {
                streamFactory.reusePreviousStateHandle(reused);
            } else {
                created.discard();
                discard(localDirectory);
            }
        }
    }

    private static void awaitFiles(Checkpoint checkpoint, CloseableRegistry cancelRegistry) throws Exception {
        // A cancellation must end the wait, and not the work of the store. So this waits for a dependent of the store's
        // future.
        CompletableFuture<Void> files = checkpoint.completion().thenApply(ignored -> null);
        cancelRegistry.registerCloseable(() -> files.cancel(false));
        try {
            files.get();
        } catch (CancellationException e) {
            throw new IOException("The snapshot was cancelled while its files were written", e);
        } catch (ExecutionException e) {
            throw new IOException("The files of the snapshot could not be written", e.getCause());
        }
    }

    /** Fills {@link #files} with a handle for every file of the checkpoint. */
    private void bringFiles(Checkpoint checkpoint, CloseableRegistry cancelRegistry) throws Exception {
        // A snapshot that may not share files gets copies of its own, made from the local files. A copy made by the
        // storage would keep the kind of path and the name of its original, which are wrong for another snapshot.
        Map<String, StreamStateHandle> known =
                target.isIncremental() && sharing == SharingFilesStrategy.FORWARD_BACKWARD
                        ? target.history().reusable()
                        : Map.of();
        List<CheckpointFile> missing = new ArrayList<>();
        for (CheckpointFile file : checkpoint.files()) {
            StreamStateHandle handle = known.get(file.name());
            if (handle == null || !reference(file, handle)) {
                missing.add(file);
            }
        }
        List<StreamStateHandle> uploaded =
                target.uploader().upload(checkpoint, missing, streamFactory, scope, cancelRegistry, created);
        for (int i = 0; i < missing.size(); i++) {
            addFresh(missing.get(i), uploaded.get(i));
        }
    }

    /**
     * Refers to a file that the storage has already, so that the file is neither uploaded nor deleted. Returns false when
     * the storage does not allow that.
     */
    private boolean reference(CheckpointFile file, StreamStateHandle handle) {
        PlaceholderStreamStateHandle placeholder = new PlaceholderStreamStateHandle(
                handle.getStreamStateHandleID(),
                handle.getStateSize(),
                FileMergingSnapshotManager.isFileMergingHandle(handle));
        if (!streamFactory.couldReuseStateHandle(placeholder)) {
            return false;
        }
        files.add(HandleAndLocalPath.of(placeholder, file.name()));
        uploads.put(file.name(), new UploadHistory.Upload(handle, false));
        reused.add(placeholder);
        return true;
    }

    private void addFresh(CheckpointFile file, StreamStateHandle handle) {
        files.add(HandleAndLocalPath.of(handle, file.name()));
        uploads.put(file.name(), new UploadHistory.Upload(handle, true));
        writtenBytes += handle.getStateSize();
    }

    private SnapshotResult<StreamStateHandle> writeMetadata(byte[] checkpoint, CloseableRegistry cancelRegistry)
            throws IOException {
        LocalRecoveryConfig local = target.localRecovery();
        CheckpointStreamWithResultProvider stream = local.isLocalBackupEnabled()
                ? CheckpointStreamWithResultProvider.createDuplicatingStream(
                        checkpointId, CheckpointedStateScope.EXCLUSIVE, streamFactory, directories(local))
                : CheckpointStreamWithResultProvider.createSimpleStream(
                        CheckpointedStateScope.EXCLUSIVE, streamFactory);
        boolean finished = false;
        try {
            cancelRegistry.registerCloseable(stream);
            BackendMetadata.write(
                    new DataOutputViewStreamWrapper(stream.getCheckpointOutputStream()),
                    resources.keySerializer,
                    resources.metaInfos,
                    target.generation(),
                    checkpoint);
            if (!cancelRegistry.unregisterCloseable(stream)) {
                throw new IOException("The snapshot was cancelled while its metadata was written");
            }
            SnapshotResult<StreamStateHandle> result = stream.closeAndFinalizeCheckpointStreamResult();
            finished = true;
            created.add(result);
            writtenBytes += result.getStateSize();
            return result;
        } finally {
            if (!finished) {
                cancelRegistry.unregisterCloseable(stream);
                IOUtils.closeQuietly(stream);
            }
        }
    }

    /**
     * Makes a local copy for local recovery. Returns null when the job keeps no local copies. Returns null too when the
     * copy fails, which is logged: without the copy a recovery is slower, and nothing else.
     */
    @Nullable
    private SnapshotDirectory backUpLocally(Checkpoint checkpoint) throws IOException {
        if (!target.localRecovery().isLocalBackupEnabled()) {
            return null;
        }
        File parent = directories(target.localRecovery()).subtaskSpecificCheckpointDirectory(checkpointId);
        // The backend id, because a task may have two keyed operators.
        SnapshotDirectory directory = SnapshotDirectory.permanent(
                new File(parent, target.backendId().toString().replace("-", "")).toPath());
        try {
            if (directory.exists()) {
                // Left by an earlier attempt of the checkpoint with this id.
                directory.cleanup();
                directory = SnapshotDirectory.permanent(directory.getDirectory());
            }
            directory.mkdirs();
            checkpoint.writeTo(TransientFileStore.in(directory.getDirectory().toFile()));
            return directory;
        } catch (IOException | RuntimeException e) {
            LOG.warn("Could not keep a local copy of checkpoint {} in {}.", checkpointId, directory, e);
            discard(directory);
            return null;
        }
    }

    private SnapshotResult<KeyedStateHandle> result(
            SnapshotResult<StreamStateHandle> metadata, @Nullable SnapshotDirectory localDirectory) throws IOException {
        List<HandleAndLocalPath> sharedFiles = shared ? files : List.of();
        IncrementalRemoteKeyedStateHandle remote = new IncrementalRemoteKeyedStateHandle(
                target.backendId(),
                target.keyGroups(),
                checkpointId,
                sharedFiles,
                shared ? List.of() : files,
                metadata.getJobManagerOwnedSnapshot(),
                writtenBytes);
        if (localDirectory == null || metadata.getTaskLocalSnapshot() == null) {
            discard(localDirectory);
            return SnapshotResult.of(remote);
        }
        DirectoryStateHandle directory = localDirectory.completeSnapshotAndGetHandle();
        return SnapshotResult.withLocalState(
                remote,
                new IncrementalLocalKeyedStateHandle(
                        target.backendId(),
                        checkpointId,
                        directory,
                        target.keyGroups(),
                        metadata.getTaskLocalSnapshot(),
                        sharedFiles));
    }

    private static void discard(@Nullable SnapshotDirectory directory) {
        if (directory == null) {
            return;
        }
        try {
            directory.cleanup();
        } catch (IOException e) {
            LOG.warn("Could not delete the local snapshot directory {}.", directory, e);
        }
    }

    private static LocalSnapshotDirectoryProvider directories(LocalRecoveryConfig local) {
        return local.getLocalStateDirectoryProvider().orElseThrow(LocalRecoveryConfig.localRecoveryNotEnabled());
    }
}
