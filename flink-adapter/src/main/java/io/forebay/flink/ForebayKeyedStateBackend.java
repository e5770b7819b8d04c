package io.forebay.flink;

import io.forebay.flink.iterator.KeyStreams;
import io.forebay.flink.key.KeyLayout;
import io.forebay.flink.registry.RegisteredState;
import io.forebay.flink.registry.StateKind;
import io.forebay.flink.snapshot.ForebayFullSnapshotResources;
import io.forebay.flink.state.AbstractForebayState;
import io.forebay.flink.state.ForebayStates;
import io.forebay.flink.state.RowTransformers;
import io.forebay.flink.state.StateMigration;
import io.forebay.flink.timer.ForebayPriorityQueueSetFactory;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RunnableFuture;
import java.util.stream.Stream;
import javax.annotation.Nonnull;
import org.apache.flink.annotation.Internal;
import org.apache.flink.annotation.VisibleForTesting;
import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.state.State;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.runtime.checkpoint.CheckpointOptions;
import org.apache.flink.runtime.query.TaskKvStateRegistry;
import org.apache.flink.runtime.state.AbstractKeyedStateBackend;
import org.apache.flink.runtime.state.CheckpointStreamFactory;
import org.apache.flink.runtime.state.InternalKeyContext;
import org.apache.flink.runtime.state.KeyGroupedInternalPriorityQueue;
import org.apache.flink.runtime.state.Keyed;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.PriorityComparable;
import org.apache.flink.runtime.state.PriorityQueueSetFactory;
import org.apache.flink.runtime.state.RegisteredKeyValueStateBackendMetaInfo;
import org.apache.flink.runtime.state.SavepointResources;
import org.apache.flink.runtime.state.SnapshotExecutionType;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.SnapshotStrategyRunner;
import org.apache.flink.runtime.state.StateSnapshotTransformer.StateSnapshotTransformFactory;
import org.apache.flink.runtime.state.StreamCompressionDecorator;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueElement;
import org.apache.flink.runtime.state.metrics.LatencyTrackingStateConfig;
import org.apache.flink.runtime.state.metrics.SizeTrackingStateConfig;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;

/**
 * The keyed state of one operator instance, in one store. Used by one thread, that of the task, with two exceptions:
 * asynchronous parts of snapshots, and reads of queryable state. {@link #dispose()} waits for the former with a guard.
 *
 * @param <K> type of the keys
 */
@Internal
public final class ForebayKeyedStateBackend<K> extends AbstractKeyedStateBackend<K> {
    /**
     * After so many selected keys the backend commits, so that in jobs without checkpoints too the store may compact
     * files with older ones. A power of two.
     */
    private static final long KEYS_BETWEEN_COMMITS = 1 << 20;

    private static final byte[] NO_PAYLOAD = new byte[0];

    private final BackendParts<K> parts;
    private final Store store;
    private final KeyStreams<K> keyStreams;
    private final PriorityQueueSetFactory queues;
    private final Map<String, AbstractForebayState<K, ?, ?>> createdStates = new HashMap<>();
    private long keysSelected;
    private boolean disposed;

    ForebayKeyedStateBackend(
            BackendParts<K> parts,
            TaskKvStateRegistry kvStateRegistry,
            ClassLoader userCodeClassLoader,
            ExecutionConfig executionConfig,
            TtlTimeProvider ttlTimeProvider,
            LatencyTrackingStateConfig latencyTracking,
            SizeTrackingStateConfig sizeTracking,
            CloseableRegistry cancelStreamRegistry,
            StreamCompressionDecorator compression,
            InternalKeyContext<K> keyContext) {
        super(
                kvStateRegistry,
                parts.context().keySerializer(),
                userCodeClassLoader,
                executionConfig,
                ttlTimeProvider,
                latencyTracking,
                sizeTracking,
                cancelStreamRegistry,
                compression,
                keyContext);
        this.parts = parts;
        this.store = parts.context().store();
        this.keyStreams = new KeyStreams<>(store, keyGroupRange, keySerializer);
        this.queues = parts.heapQueues() != null
                ? parts.heapQueues()
                : new ForebayPriorityQueueSetFactory(
                        store,
                        parts.registry(),
                        keyGroupRange,
                        numberOfKeyGroups,
                        parts.config().timerCacheRows(),
                        parts.pendingRemovals());
    }

    @Override
    public void setCurrentKey(K newKey) {
        super.setCurrentKey(newKey);
        selectKey(newKey);
    }

    @Override
    public void setCurrentKeyAndKeyGroup(K newKey, int newKeyGroupIndex) {
        super.setCurrentKeyAndKeyGroup(newKey, newKeyGroupIndex);
        selectKey(newKey);
    }

    private void selectKey(K newKey) {
        parts.context().rowKey().setKey(newKey, getCurrentKeyGroupIndex());
        if ((++keysSelected & (KEYS_BETWEEN_COMMITS - 1)) == 0) {
            store.commit(NO_PAYLOAD);
        }
    }

    @Override
    public <N> Stream<K> getKeys(String state, N namespace) {
        RegisteredState registered = parts.registry().find(StateKind.KEY_VALUE, state);
        return registered == null ? Stream.empty() : keyStreams.keys(registered, namespace);
    }

    @Override
    public <N> Stream<K> getKeys(List<String> states, N namespace) {
        List<RegisteredState> registered = new ArrayList<>();
        for (String state : states) {
            RegisteredState found = parts.registry().find(StateKind.KEY_VALUE, state);
            if (found != null) {
                registered.add(found);
            }
        }
        return keyStreams.keys(registered, namespace);
    }

    @Override
    public <N> Stream<Tuple2<K, N>> getKeysAndNamespaces(String state) {
        RegisteredState registered = parts.registry().find(StateKind.KEY_VALUE, state);
        return registered == null ? Stream.empty() : keyStreams.keysAndNamespaces(registered);
    }

    @Nonnull
    @Override
    public <N, SV, SEV, S extends State, IS extends S> IS createOrUpdateInternalState(
            @Nonnull TypeSerializer<N> namespaceSerializer,
            @Nonnull StateDescriptor<S, SV> descriptor,
            @Nonnull StateSnapshotTransformFactory<SEV> transformFactory)
            throws Exception {
        return createOrUpdateInternalState(namespaceSerializer, descriptor, transformFactory, false);
    }

    @Nonnull
    @Override
    @SuppressWarnings("unchecked")
    public <N, SV, SEV, S extends State, IS extends S> IS createOrUpdateInternalState(
            @Nonnull TypeSerializer<N> namespaceSerializer,
            @Nonnull StateDescriptor<S, SV> descriptor,
            @Nonnull StateSnapshotTransformFactory<SEV> transformFactory,
            boolean allowFutureMetadataUpdates)
            throws Exception {
        RegisteredState registered = parts.registry().find(StateKind.KEY_VALUE, descriptor.getName());
        StateMigration<SV> migration;
        if (registered == null) {
            registered = parts.registry()
                    .register(
                            StateKind.KEY_VALUE,
                            new RegisteredKeyValueStateBackendMetaInfo<>(
                                    descriptor.getType(),
                                    descriptor.getName(),
                                    namespaceSerializer,
                                    descriptor.getSerializer(),
                                    StateSnapshotTransformFactory.noTransform()));
            migration = StateMigration.none(registered);
        } else {
            migration = StateMigration.plan(
                    registered,
                    keySerializer,
                    namespaceSerializer,
                    descriptor,
                    keyGroupRange,
                    allowFutureMetadataUpdates);
        }
        AbstractForebayState<K, N, SV> state = (AbstractForebayState<K, N, SV>) createdStates.get(descriptor.getName());
        if (state == null) {
            state = ForebayStates.create(descriptor, registered, parts.context());
            createdStates.put(descriptor.getName(), state);
        } else {
            ForebayStates.update(state, descriptor, registered.keyValueMetaInfo());
        }
        migration.run(store, state, ttlTimeProvider, cancelStreamRegistry);
        if (allowFutureMetadataUpdates) {
            registered.setMetaInfo(registered.metaInfo().withSerializerUpgradesAllowed());
        } else {
            parts.expiredStateFilter()
                    .configure(
                            registered.id(),
                            descriptor,
                            registered.keyValueMetaInfo().getStateSerializer());
        }
        RegisteredKeyValueStateBackendMetaInfo<N, SV> metaInfo = registered.keyValueMetaInfo();
        metaInfo.updateSnapshotTransformFactory(
                RowTransformers.forRows(descriptor, transformFactory, metaInfo.getStateSerializer()));
        return (IS) state;
    }

    @Nonnull
    @Override
    public <T extends HeapPriorityQueueElement & PriorityComparable<? super T> & Keyed<?>>
            KeyGroupedInternalPriorityQueue<T> create(
                    @Nonnull String stateName, @Nonnull TypeSerializer<T> byteOrderedElementSerializer) {
        return create(stateName, byteOrderedElementSerializer, false);
    }

    @Override
    public <T extends HeapPriorityQueueElement & PriorityComparable<? super T> & Keyed<?>>
            KeyGroupedInternalPriorityQueue<T> create(
                    @Nonnull String stateName,
                    @Nonnull TypeSerializer<T> byteOrderedElementSerializer,
                    boolean allowFutureMetadataUpdates) {
        return queues.create(stateName, byteOrderedElementSerializer, allowFutureMetadataUpdates);
    }

    @Nonnull
    @Override
    public RunnableFuture<SnapshotResult<KeyedStateHandle>> snapshot(
            long checkpointId,
            long timestamp,
            @Nonnull CheckpointStreamFactory streamFactory,
            @Nonnull CheckpointOptions options)
            throws Exception {
        return new SnapshotStrategyRunner<>(
                        parts.snapshots().description(),
                        parts.snapshots(),
                        cancelStreamRegistry,
                        SnapshotExecutionType.ASYNCHRONOUS)
                .snapshot(checkpointId, timestamp, streamFactory, options);
    }

    @Nonnull
    @Override
    public SavepointResources<K> savepoint() throws Exception {
        parts.pendingRemovals().flush();
        return new SavepointResources<>(
                new ForebayFullSnapshotResources<>(
                        store,
                        parts.storeGuard(),
                        parts.registry(),
                        parts.heapQueues() == null
                                ? List.of()
                                : parts.heapQueues().queues(),
                        keyGroupRange,
                        numberOfKeyGroups,
                        keySerializer,
                        keyGroupCompressionDecorator),
                SnapshotExecutionType.ASYNCHRONOUS);
    }

    @Override
    public void notifyCheckpointComplete(long checkpointId) {
        parts.snapshots().notifyCheckpointComplete(checkpointId);
    }

    @Override
    public void notifyCheckpointAborted(long checkpointId) {
        parts.snapshots().notifyCheckpointAborted(checkpointId);
    }

    /** False with heap timers: a heap timer keeps the object of the key that is current when the timer is added. */
    @Override
    public boolean isSafeToReuseKVState() {
        return parts.heapQueues() == null;
    }

    @Override
    public String getBackendTypeIdentifier() {
        return parts.config().typeIdentifier();
    }

    @VisibleForTesting
    @Override
    public int numKeyValueStateEntries() {
        parts.pendingRemovals().flush();
        int entries = 0;
        try (StoreIterator rows = store.iterator(KeyLayout.rows(keyGroupRange))) {
            for (rows.seekToFirst(); rows.isValid(); rows.next()) {
                entries++;
            }
        }
        return entries;
    }

    /** The store of this backend, for tests and tools. The backend closes it. */
    public Store store() {
        return store;
    }

    /**
     * Discards the store: what it has in memory is not written, and what it is doing is stopped, so that a cancelled task
     * ends at once. Closes the streams of asynchronous users of the store, then waits for these users. Gives back the
     * memory of the slot and deletes the working directory, even if other steps fail. Idempotent.
     */
    @Override
    public void dispose() {
        if (disposed) {
            return;
        }
        disposed = true;
        try {
            super.dispose();
        } finally {
            BackendRelease.release(store, parts.storeGuard(), parts.transfers(), parts.memory(), parts.directory());
        }
    }
}
