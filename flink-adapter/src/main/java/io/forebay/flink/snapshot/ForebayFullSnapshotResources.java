package io.forebay.flink.snapshot;

import io.forebay.flink.key.KeyLayout;
import io.forebay.flink.registry.RegisteredState;
import io.forebay.flink.registry.StateKind;
import io.forebay.flink.registry.StateRegistry;
import io.forebay.store.Snapshot;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.annotation.Internal;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.runtime.state.CompositeKeySerializationUtils;
import org.apache.flink.runtime.state.FullSnapshotResources;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyValueStateIterator;
import org.apache.flink.runtime.state.StateSnapshotTransformer;
import org.apache.flink.runtime.state.StreamCompressionDecorator;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueSnapshotRestoreWrapper;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueStateSnapshot;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;
import org.apache.flink.util.IOUtils;
import org.apache.flink.util.ResourceGuard;

/**
 * All state of a backend at one moment, for a savepoint in Flink's canonical format. The task thread makes it, in time
 * that does not depend on the size of the state, apart from heap timers. Then one other thread reads it and calls {@link
 * #release()}.
 *
 * @param <K> type of the keys
 */
@Internal
public final class ForebayFullSnapshotResources<K> implements FullSnapshotResources<K> {
    private final Snapshot snapshot;
    private final ResourceGuard.Lease lease;
    private final KeyGroupRange keyGroups;
    private final int keyGroupBytes;
    private final TypeSerializer<K> keySerializer;
    private final StreamCompressionDecorator compression;

    private final List<StateMetaInfoSnapshot> metaInfos = new ArrayList<>();
    private final Map<Integer, CanonicalRows.StoreState> states = new HashMap<>();
    private final List<HeapPriorityQueueStateSnapshot<?>> queues = new ArrayList<>();

    /**
     * @param heapQueues timers on the heap; empty when timers are rows
     * @param storeGuard keeps the store open until {@link #release()}
     */
    public ForebayFullSnapshotResources(
            Store store,
            ResourceGuard storeGuard,
            StateRegistry registry,
            Collection<HeapPriorityQueueSnapshotRestoreWrapper<?>> heapQueues,
            KeyGroupRange keyGroups,
            int numberOfKeyGroups,
            TypeSerializer<K> keySerializer,
            StreamCompressionDecorator compression)
            throws IOException {
        this.keyGroups = keyGroups;
        this.keyGroupBytes = CompositeKeySerializationUtils.computeRequiredBytesInKeyGroupPrefix(numberOfKeyGroups);
        this.keySerializer = keySerializer.duplicate();
        this.compression = compression;
        List<StateMetaInfoSnapshot> ofOtherParts = new ArrayList<>();
        for (RegisteredState state : registry.inRowOrder()) {
            if (state.kind() == StateKind.PRIORITY_QUEUE && !heapQueues.isEmpty()) {
                // All queues are on the heap, and follow below.
                continue;
            }
            states.put(state.id(), new CanonicalRows.StoreState(metaInfos.size(), transformer(state)));
            List<StateMetaInfoSnapshot> snapshots = state.snapshots();
            metaInfos.add(snapshots.get(0));
            ofOtherParts.addAll(snapshots.subList(1, snapshots.size()));
        }
        for (HeapPriorityQueueSnapshotRestoreWrapper<?> queue : heapQueues) {
            metaInfos.add(queue.getMetaInfo().snapshot());
            queues.add(queue.stateSnapshot());
        }
        // Behind those that rows are numbered by.
        metaInfos.addAll(ofOtherParts);
        BackendMetadata.checkNumber(metaInfos);
        lease = storeGuard.acquireResource();
        try {
            snapshot = store.snapshot();
        } catch (Throwable t) {
            lease.close();
            throw t;
        }
    }

    private static StateSnapshotTransformer<byte[]> transformer(RegisteredState state) {
        return state.kind() == StateKind.KEY_VALUE
                ? state.keyValueMetaInfo()
                        .getStateSnapshotTransformFactory()
                        .createForSerializedState()
                        .orElse(null)
                : null;
    }

    @Override
    public KeyValueStateIterator createKVStateIterator() throws IOException {
        List<HeapQueueRows<?>> queueRows = new ArrayList<>();
        for (HeapPriorityQueueStateSnapshot<?> queue : queues) {
            queueRows.add(new HeapQueueRows<>(queue));
        }
        StoreIterator rows = snapshot.iterator(KeyLayout.rows(keyGroups));
        try {
            return new CanonicalRows(rows, states, queueRows, keyGroups, keyGroupBytes);
        } catch (Throwable t) {
            rows.close();
            throw t;
        }
    }

    @Override
    public List<StateMetaInfoSnapshot> getMetaInfoSnapshots() {
        return metaInfos;
    }

    @Override
    public KeyGroupRange getKeyGroupRange() {
        return keyGroups;
    }

    @Override
    public TypeSerializer<K> getKeySerializer() {
        return keySerializer;
    }

    @Override
    public StreamCompressionDecorator getStreamCompressionDecorator() {
        return compression;
    }

    @Override
    public void release() {
        IOUtils.closeQuietly(snapshot);
        IOUtils.closeQuietly(lease);
    }
}
