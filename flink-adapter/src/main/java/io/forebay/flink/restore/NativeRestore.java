package io.forebay.flink.restore;

import io.forebay.flink.io.TransientFileStore;
import io.forebay.flink.key.KeyLayout;
import io.forebay.flink.snapshot.BackendMetadata;
import io.forebay.flink.snapshot.UploadHistory;
import io.forebay.store.CheckpointFile;
import io.forebay.store.KeyRange;
import io.forebay.store.RestoreSource;
import io.forebay.store.Store;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSchemaCompatibility;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.memory.DataInputViewStreamWrapper;
import org.apache.flink.runtime.checkpoint.filemerging.FileMergingSnapshotManager;
import org.apache.flink.runtime.metrics.MetricNames;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle.HandleAndLocalPath;
import org.apache.flink.runtime.state.IncrementalLocalKeyedStateHandle;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.StateSerializerProvider;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;
import org.apache.flink.util.StateMigrationException;
import org.apache.flink.util.clock.SystemClock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Restores native snapshots, at the same or at another parallelism. Of each snapshot only those key groups of this
 * backend are restored that no other snapshot has in a newer state ({@link SnapshotPart}), and only files with rows of
 * these key groups are downloaded. No row is read or written. Files keep their names, so the next checkpoint need not
 * upload them again, even after a rescale, unless Flink's file merging has made them. Used by one thread, that of the
 * task.
 */
final class NativeRestore<K> implements RestoreOperation {
    private static final Logger LOG = LoggerFactory.getLogger(NativeRestore.class);

    private final RestoreContext<K> context;
    private final List<IncrementalKeyedStateHandle> handles;
    private final List<RestoreSource> sources = new ArrayList<>();
    private final Map<String, StreamStateHandle> downloads = new HashMap<>();
    private final Map<String, StreamStateHandle> sharedFiles = new HashMap<>();
    private int sentAgain;
    /** The highest of the snapshots given. */
    private long generation;

    NativeRestore(RestoreContext<K> context, List<IncrementalKeyedStateHandle> handles) {
        this.context = context;
        this.handles = handles;
    }

    @Override
    public RestoredStore restore() throws Exception {
        SystemClock clock = SystemClock.getInstance();
        long start = clock.relativeTimeMillis();
        List<SnapshotPart<K>> parts = SnapshotPart.choose(context.keyGroups(), read());
        checkKeySerializer(parts);
        for (SnapshotPart<K> part : parts) {
            plan(part);
        }
        new FileDownloader(context.transfers(), context.cancelRegistry()).download(downloads, context.files());
        long downloaded = clock.relativeTimeMillis();
        Store store = open();
        context.metrics().addMetric(MetricNames.DOWNLOAD_STATE_DURATION, downloaded - start);
        context.metrics().addMetric(MetricNames.RESTORE_STATE_DURATION, clock.relativeTimeMillis() - downloaded);
        LOG.info(
                "Restored key groups {} from {} snapshots, {} files downloaded.",
                context.keyGroups().prettyPrintInterval(),
                parts.size(),
                downloads.size());
        if (sentAgain > 0) {
            LOG.info(
                    "The first checkpoint sends {} files again that the restored one has: file merging may delete them under"
                            + " a new attempt of the task.",
                    sentAgain);
        }
        UploadHistory history = new UploadHistory();
        history.restored(sharedFiles);
        return new RestoredStore(store, history, backendId(parts), Math.addExact(generation, 1));
    }

    /**
     * The snapshots with key groups of this backend. One that several subtasks had is given several times, and read once.
     */
    private List<SnapshotPart<K>> read() throws Exception {
        List<SnapshotPart<K>> snapshots = new ArrayList<>();
        Set<StreamStateHandle> seen = new HashSet<>();
        for (IncrementalKeyedStateHandle handle : handles) {
            KeyGroupRange keyGroups = handle.getKeyGroupRange().getIntersection(context.keyGroups());
            if (keyGroups.getNumberOfKeyGroups() > 0 && seen.add(handle.getMetaDataStateHandle())) {
                BackendMetadata<K> metadata = readMetadata(handle.getMetaDataStateHandle());
                generation = Math.max(generation, metadata.generation());
                snapshots.add(new SnapshotPart<>(handle, metadata));
            }
        }
        return snapshots;
    }

    private void plan(SnapshotPart<K> part) throws IOException {
        IncrementalKeyedStateHandle handle = part.handle();
        BackendMetadata<K> metadata = part.metadata();
        Map<String, StreamStateHandle> shared = byName(handle.getSharedStateHandles());
        Map<String, StreamStateHandle> remote = new HashMap<>(shared);
        TransientFileStore files = context.files();
        if (handle instanceof IncrementalLocalKeyedStateHandle local) {
            files = TransientFileStore.in(
                    local.getDirectoryStateHandle().getDirectory().toFile());
        } else {
            remote.putAll(byName(((IncrementalRemoteKeyedStateHandle) handle).getPrivateState()));
        }
        for (StateMetaInfoSnapshot state : metadata.states()) {
            context.registry().restore(metadata.idOf(state), state, part.keyGroups());
        }
        List<KeyRange> clips = new ArrayList<>();
        for (KeyGroupRange keyGroups : part.keyGroups()) {
            KeyRange clip = KeyLayout.rows(keyGroups);
            clips.add(clip);
            sources.add(new RestoreSource(files, metadata.checkpoint(), clip));
        }
        for (CheckpointFile file : metadata.description().files()) {
            if (clips.stream().noneMatch(file.range()::overlaps)) {
                continue;
            }
            if (handle instanceof IncrementalRemoteKeyedStateHandle) {
                StreamStateHandle download = remote.get(file.name());
                if (download == null) {
                    throw new IOException(
                            "The snapshot names the file " + file.name() + ", but " + handle + " does not hold it");
                }
                downloads.put(file.name(), download);
            }
            StreamStateHandle known = shared.get(file.name());
            if (known != null && outlives(known)) {
                sharedFiles.put(file.name(), known);
            }
        }
    }

    /**
     * True when later checkpoints may refer to the file. False for files that file merging has made, for two reasons. The
     * directory of another subtask is deleted with the last snapshot of that subtask, even if other snapshots refer to a
     * file in it. And a TaskManager that has run an earlier attempt of this subtask counts the references to a file of
     * this subtask from the beginning, and may delete the file when the earlier references are gone.
     */
    private boolean outlives(StreamStateHandle file) {
        if (!FileMergingSnapshotManager.isFileMergingHandle(file)) {
            return true;
        }
        sentAgain++;
        return false;
    }

    private Store open() throws IOException {
        if (sources.isEmpty()) {
            return context.environment().open(context.files(), context.options());
        }
        Store store = context.environment().restore(context.files(), context.options(), sources, new byte[0]);
        try {
            if (context.heapQueueFactory() != null) {
                new HeapQueueLoader<>(context).moveRowsToHeap(store);
            }
            return store;
        } catch (Throwable t) {
            store.discard();
            throw t;
        }
    }

    private BackendMetadata<K> readMetadata(StreamStateHandle handle) throws Exception {
        try (FSDataInputStream in = handle.openInputStream()) {
            context.cancelRegistry().registerCloseable(in);
            try {
                return BackendMetadata.read(new DataInputViewStreamWrapper(in), context.userClassLoader());
            } finally {
                context.cancelRegistry().unregisterCloseable(in);
            }
        }
    }

    /**
     * Checks the key serializer of the job against that of the newest snapshot, and reconfigures it if that is necessary
     * to read the keys. All snapshots of a job have the same key serializer, so the newest is enough.
     */
    private void checkKeySerializer(List<SnapshotPart<K>> parts) throws StateMigrationException {
        if (parts.isEmpty()) {
            return;
        }
        StateSerializerProvider<K> provider = context.keySerializerProvider();
        TypeSerializer<K> current = provider.currentSchemaSerializer();
        TypeSerializerSchemaCompatibility<K> compatibility = provider.setPreviousSerializerSnapshotForRestoredState(
                parts.get(0).metadata().keySerializer());
        if (compatibility.isCompatibleAfterMigration() || compatibility.isIncompatible()) {
            throw new StateMigrationException("The new key serializer (" + current
                    + ") must be compatible with the previous key serializer (" + provider.previousSchemaSerializer()
                    + ").");
        }
    }

    private UUID backendId(List<SnapshotPart<K>> parts) {
        return parts.size() == 1 && parts.get(0).handle().getKeyGroupRange().equals(context.keyGroups())
                ? parts.get(0).handle().getBackendIdentifier()
                : UUID.randomUUID();
    }

    private static Map<String, StreamStateHandle> byName(List<HandleAndLocalPath> files) {
        Map<String, StreamStateHandle> byName = new HashMap<>();
        for (HandleAndLocalPath file : files) {
            byName.put(file.getLocalPath(), file.getHandle());
        }
        return byName;
    }
}
