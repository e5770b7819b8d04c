package io.forebay.flink;

import io.forebay.flink.ForebayOptions.TimerService;
import io.forebay.flink.io.Transfers;
import io.forebay.flink.io.TransientFileStore;
import io.forebay.flink.key.RowKey;
import io.forebay.flink.memory.ForebayMemory;
import io.forebay.flink.registry.StateRegistry;
import io.forebay.flink.restore.RestoreContext;
import io.forebay.flink.restore.RestoreOperation;
import io.forebay.flink.restore.RestoredStore;
import io.forebay.flink.snapshot.ForebaySnapshotStrategy;
import io.forebay.flink.state.StateContext;
import io.forebay.flink.timer.HeapQueues;
import io.forebay.flink.timer.PendingRemovals;
import io.forebay.flink.ttl.ExpiredStateFilter;
import io.forebay.store.MergeFunction;
import io.forebay.store.StoreOptions;
import java.io.File;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.runtime.execution.CancelTaskException;
import org.apache.flink.runtime.memory.OpaqueMemoryResource;
import org.apache.flink.runtime.state.AbstractKeyedStateBackendBuilder;
import org.apache.flink.runtime.state.BackendBuildingException;
import org.apache.flink.runtime.state.InternalKeyContextImpl;
import org.apache.flink.runtime.state.StateBackend.KeyedStateBackendParameters;
import org.apache.flink.runtime.state.StreamCompressionDecorator;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueSetFactory;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueSnapshotRestoreWrapper;
import org.apache.flink.runtime.state.metrics.LatencyTrackingStateConfig;
import org.apache.flink.runtime.state.metrics.SizeTrackingStateConfig;
import org.apache.flink.util.ResourceGuard;

/**
 * Restores the state of one operator instance and builds its backend. On failure the working directory is deleted, and
 * everything is closed except the memory: that belongs to the caller until the backend exists.
 */
final class ForebayKeyedStateBackendBuilder<K> extends AbstractKeyedStateBackendBuilder<K> {
    private static final long MIN_MEMTABLE_BYTES = 64 << 10;
    private static final long MAX_DEFAULT_MEMTABLE_BYTES = 64 << 20;
    private static final int HEAP_QUEUE_CAPACITY = 128;

    /** Commits need not become durable: the working directory is never opened again. They let the store compact more. */
    private static final Duration NEVER = Duration.ofDays(3650);

    private final KeyedStateBackendParameters<K> parameters;
    private final BackendConfig config;
    private final File directory;
    private final OpaqueMemoryResource<ForebayMemory> memory;

    ForebayKeyedStateBackendBuilder(
            KeyedStateBackendParameters<K> parameters,
            BackendConfig config,
            File directory,
            OpaqueMemoryResource<ForebayMemory> memory,
            LatencyTrackingStateConfig latencyTracking,
            SizeTrackingStateConfig sizeTracking,
            StreamCompressionDecorator compression) {
        super(
                parameters.getKvStateRegistry(),
                parameters.getKeySerializer(),
                parameters.getEnv().getUserCodeClassLoader().asClassLoader(),
                parameters.getNumberOfKeyGroups(),
                parameters.getKeyGroupRange(),
                parameters.getEnv().getExecutionConfig(),
                parameters.getTtlTimeProvider(),
                latencyTracking,
                sizeTracking,
                parameters.getStateHandles(),
                compression,
                parameters.getCancelStreamRegistry());
        this.parameters = parameters;
        this.config = config;
        this.directory = directory;
        this.memory = memory;
    }

    @Override
    public ForebayKeyedStateBackend<K> build() throws BackendBuildingException {
        Transfers transfers = new Transfers(config.transferThreads());
        RestoredStore restored = null;
        try {
            StateRegistry registry = new StateRegistry();
            Map<String, HeapPriorityQueueSnapshotRestoreWrapper<?>> restoredQueues = new LinkedHashMap<>();
            HeapPriorityQueueSetFactory heapQueueFactory = config.timerService() == TimerService.HEAP
                    ? new HeapPriorityQueueSetFactory(keyGroupRange, numberOfKeyGroups, HEAP_QUEUE_CAPACITY)
                    : null;
            ExpiredStateFilter expiredStateFilter = new ExpiredStateFilter(ttlTimeProvider);
            createDirectory();
            restored = RestoreOperation.of(
                            new RestoreContext<>(
                                    memory.getResourceHandle().environment(),
                                    TransientFileStore.in(new File(directory, "db")),
                                    storeOptions(expiredStateFilter),
                                    keyGroupRange,
                                    numberOfKeyGroups,
                                    keySerializerProvider,
                                    userCodeClassLoader,
                                    registry,
                                    heapQueueFactory,
                                    restoredQueues,
                                    transfers,
                                    cancelStreamRegistry,
                                    parameters.getCustomInitializationMetrics()),
                            restoreStateHandles)
                    .restore();
            // Not before the restore, which may have reconfigured the key serializer.
            TypeSerializer<K> keySerializer = keySerializerProvider.currentSchemaSerializer();
            ResourceGuard storeGuard = new ResourceGuard();
            PendingRemovals pendingRemovals = new PendingRemovals();
            HeapQueues heapQueues = heapQueueFactory == null
                    ? null
                    : new HeapQueues(
                            restored.store(),
                            registry,
                            heapQueueFactory,
                            restoredQueues,
                            keyGroupRange,
                            numberOfKeyGroups,
                            pendingRemovals);
            ForebaySnapshotStrategy<K> snapshots = new ForebaySnapshotStrategy<>(
                    restored.store(),
                    storeGuard,
                    registry,
                    pendingRemovals,
                    heapQueues,
                    keySerializer,
                    keyGroupRange,
                    parameters.getEnv().getTaskStateManager().createLocalRecoveryConfig(),
                    config.incremental(),
                    restored.history(),
                    restored.backendId(),
                    restored.generation(),
                    transfers);
            StateContext<K> context =
                    new StateContext<>(restored.store(), new RowKey<>(keySerializer), keySerializer, numberOfKeyGroups);
            BackendParts<K> parts = new BackendParts<>(
                    context,
                    registry,
                    snapshots,
                    pendingRemovals,
                    expiredStateFilter,
                    heapQueues,
                    storeGuard,
                    transfers,
                    memory,
                    directory,
                    config);
            StoreMetrics.register(parameters.getMetricGroup(), restored.store());
            return new ForebayKeyedStateBackend<>(
                    parts,
                    kvStateRegistry,
                    userCodeClassLoader,
                    executionConfig,
                    ttlTimeProvider,
                    latencyTrackingStateConfig,
                    sizeTrackingStateConfig,
                    new CloseableRegistry(),
                    keyGroupCompressionDecorator,
                    new InternalKeyContextImpl<>(keyGroupRange, numberOfKeyGroups));
        } catch (Throwable t) {
            boolean cancelled = cancelStreamRegistry.isClosed();
            BackendRelease.release(
                    restored == null ? null : restored.store(), new ResourceGuard(), transfers, null, directory);
            if (cancelled) {
                throw new BackendBuildingException("Task was cancelled", new CancelTaskException(t));
            }
            if (t instanceof BackendBuildingException) {
                throw (BackendBuildingException) t;
            }
            throw new BackendBuildingException(
                    "Cannot build the Forebay state backend of " + parameters.getOperatorIdentifier(), t);
        }
    }

    private StoreOptions storeOptions(ExpiredStateFilter expiredStateFilter) {
        long memtableBytes = config.memtableBytes() != null
                ? config.memtableBytes().getBytes()
                : Math.min(MAX_DEFAULT_MEMTABLE_BYTES, memory.getSize() / 4);
        return StoreOptions.builder()
                .name(parameters.getOperatorIdentifier())
                .memtableBytes((int) Math.min(1 << 30, Math.max(MIN_MEMTABLE_BYTES, memtableBytes)))
                .valueFileThreshold(config.valueFileThreshold())
                .commitInterval(NEVER)
                .mergeFunction(MergeFunction.append((byte) ','))
                .compactionFilter(expiredStateFilter)
                .periodicCompaction(expiredStateFilter::periodicCompaction)
                .build();
    }

    private void createDirectory() throws IOException {
        if (!directory.isDirectory() && !directory.mkdirs()) {
            throw new IOException("Cannot create the working directory " + directory);
        }
    }
}
