package io.forebay.flink.snapshot;

import io.forebay.flink.io.Transfers;
import io.forebay.flink.registry.RegisteredState;
import io.forebay.flink.registry.StateIdTable;
import io.forebay.flink.registry.StateRegistry;
import io.forebay.flink.timer.HeapQueues;
import io.forebay.flink.timer.PendingRemovals;
import io.forebay.store.Checkpoint;
import io.forebay.store.Store;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import javax.annotation.Nonnull;
import javax.annotation.Nullable;
import org.apache.flink.annotation.Internal;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.runtime.checkpoint.CheckpointOptions;
import org.apache.flink.runtime.state.CheckpointStreamFactory;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.LocalRecoveryConfig;
import org.apache.flink.runtime.state.SnapshotResources;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.SnapshotStrategy;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;
import org.apache.flink.util.IOUtils;
import org.apache.flink.util.ResourceGuard;

/**
 * Native snapshots: the files of a store's checkpoint, in the checkpoint storage.
 *
 * <pre>
 *   task thread      | syncPrepareResources: delete rows of polled timers, write rows of heap timers, commit,
 *                    | Store.checkpoint (freezes the memtable), delete rows of heap timers
 *   another thread   | asyncSnapshot: wait for the flush, upload new files, write the metadata, make the handle
 *   task thread      | notifyCheckpointComplete: the next snapshot may refer to the files of this one
 * </pre>
 *
 * <p>The time of the synchronous part does not depend on the size of the state, apart from timers on the heap: it writes
 * each of them. All waiting, reading and uploading is in the asynchronous part.
 *
 * @param <K> type of the keys
 */
@Internal
public final class ForebaySnapshotStrategy<K>
        implements SnapshotStrategy<KeyedStateHandle, ForebaySnapshotStrategy.Resources<K>>, CheckpointListener {
    private static final byte[] NO_PAYLOAD = new byte[0];

    private final Store store;
    private final ResourceGuard storeGuard;
    private final StateRegistry registry;
    private final PendingRemovals pendingRemovals;

    @Nullable
    private final HeapQueues heapQueues;

    private final TypeSerializer<K> keySerializer;
    private final SnapshotTarget target;
    private final UploadHistory history;

    /**
     * @param storeGuard keeps the store open while an asynchronous part uses it
     * @param heapQueues null when timers are rows
     * @param incremental whether snapshots share files with each other
     * @param history the uploads of the restored checkpoint; empty for none
     * @param backendId the name of this backend in handles and in local directories
     * @param generation one more than the generation of any restored snapshot, else 0
     */
    public ForebaySnapshotStrategy(
            Store store,
            ResourceGuard storeGuard,
            StateRegistry registry,
            PendingRemovals pendingRemovals,
            @Nullable HeapQueues heapQueues,
            TypeSerializer<K> keySerializer,
            KeyGroupRange keyGroups,
            LocalRecoveryConfig localRecovery,
            boolean incremental,
            UploadHistory history,
            UUID backendId,
            long generation,
            Transfers transfers) {
        this.store = store;
        this.storeGuard = storeGuard;
        this.registry = registry;
        this.pendingRemovals = pendingRemovals;
        this.heapQueues = heapQueues;
        this.keySerializer = keySerializer;
        this.history = history;
        this.target = new SnapshotTarget(
                keyGroups,
                backendId,
                generation,
                localRecovery,
                new CheckpointUploader(transfers),
                incremental ? history : null);
    }

    public String description() {
        return target.isIncremental() ? "Incremental Forebay snapshot" : "Full Forebay snapshot";
    }

    @Override
    public Resources<K> syncPrepareResources(long checkpointId) throws Exception {
        pendingRemovals.flush();
        if (registry.isEmpty()) {
            return new Resources<>(null, List.of(), keySerializer, null);
        }
        List<RegisteredState> states = registry.inRowOrder();
        List<StateMetaInfoSnapshot> metaInfos = new ArrayList<>(states.size());
        for (RegisteredState state : states) {
            metaInfos.addAll(state.snapshots());
        }
        ResourceGuard.Lease lease = storeGuard.acquireResource();
        Checkpoint checkpoint = null;
        try {
            if (heapQueues != null) {
                heapQueues.writeRows();
            }
            // A commit lets the store compact what was written since the last commit with older files.
            store.commit(NO_PAYLOAD);
            checkpoint = store.checkpoint(StateIdTable.encode(states));
            pendingRemovals.flush();
            return new Resources<>(checkpoint, metaInfos, keySerializer.duplicate(), lease);
        } catch (Throwable t) {
            IOUtils.closeQuietly(checkpoint);
            lease.close();
            throw t;
        }
    }

    @Override
    public SnapshotResultSupplier<KeyedStateHandle> asyncSnapshot(
            Resources<K> resources,
            long checkpointId,
            long timestamp,
            @Nonnull CheckpointStreamFactory streamFactory,
            @Nonnull CheckpointOptions options) {
        if (resources.checkpoint == null) {
            return cancelRegistry -> SnapshotResult.empty();
        }
        return new SnapshotOperation<>(
                resources,
                target,
                checkpointId,
                streamFactory,
                options.getCheckpointType().getSharingFilesStrategy());
    }

    @Override
    public void notifyCheckpointComplete(long checkpointId) {
        history.completed(checkpointId);
    }

    @Override
    public void notifyCheckpointAborted(long checkpointId) {
        history.aborted(checkpointId);
    }

    /**
     * The state at the moment of the snapshot, for the asynchronous part. There is no checkpoint when there are no
     * states.
     */
    static final class Resources<K> implements SnapshotResources {
        @Nullable
        final Checkpoint checkpoint;

        final List<StateMetaInfoSnapshot> metaInfos;
        final TypeSerializer<K> keySerializer;

        @Nullable
        private final ResourceGuard.Lease lease;

        Resources(
                @Nullable Checkpoint checkpoint,
                List<StateMetaInfoSnapshot> metaInfos,
                TypeSerializer<K> keySerializer,
                @Nullable ResourceGuard.Lease lease) {
            this.checkpoint = checkpoint;
            this.metaInfos = metaInfos;
            this.keySerializer = keySerializer;
            this.lease = lease;
        }

        @Override
        public void release() {
            IOUtils.closeQuietly(checkpoint);
            IOUtils.closeQuietly(lease);
        }
    }
}
