package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.RunnableFuture;
import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.state.State;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.array.BytePrimitiveArraySerializer;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.runtime.checkpoint.CheckpointOptions;
import org.apache.flink.runtime.checkpoint.SavepointType;
import org.apache.flink.runtime.checkpoint.SnapshotType;
import org.apache.flink.runtime.operators.testutils.MockEnvironment;
import org.apache.flink.runtime.query.TaskKvStateRegistry;
import org.apache.flink.runtime.state.AbstractKeyedStateBackend;
import org.apache.flink.runtime.state.AsyncKeyedStateBackend;
import org.apache.flink.runtime.state.CheckpointStorageLocationReference;
import org.apache.flink.runtime.state.CheckpointStreamFactory;
import org.apache.flink.runtime.state.CheckpointableKeyedStateBackend;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle.HandleAndLocalPath;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.KeyedStateBackendParametersImpl;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.PlaceholderStreamStateHandle;
import org.apache.flink.runtime.state.SavepointResources;
import org.apache.flink.runtime.state.SavepointSnapshotStrategy;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.SnapshotStrategyRunner;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.TestTaskStateManager;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.runtime.state.changelog.inmemory.InMemoryStateChangelogStorage;
import org.apache.flink.runtime.state.memory.MemCheckpointStreamFactory;
import org.apache.flink.runtime.state.storage.JobManagerCheckpointStorage;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;

/**
 * Builds keyed backends as a task would, from handles that have been in a metadata file, and takes snapshots of them. Close it:
 * it is the task slot.
 */
final class BackendHarness implements AutoCloseable {
    static final int MAX_MEMORY_STATE = 256 << 20;
    private static final int BALLAST_ROWS = 2000;

    private final MockEnvironment environment;
    private final List<AbstractKeyedStateBackend<?>> backends = new ArrayList<>();
    private TtlTimeProvider timeProvider = TtlTimeProvider.DEFAULT;
    private TaskKvStateRegistry kvStateRegistry;

    BackendHarness() {
        this(64 << 20);
    }

    BackendHarness(long managedMemory) {
        this(MockEnvironment.builder().setManagedMemorySize(managedMemory).build());
    }

    BackendHarness(MockEnvironment environment) {
        this.environment = environment;
        this.kvStateRegistry = environment.getTaskKvStateRegistry();
    }

    /** For Flink's changelog backend, which materializes only when it is told to. */
    static BackendHarness withChangelog() throws IOException {
        ExecutionConfig config = new ExecutionConfig();
        config.enablePeriodicMaterialize(false);
        MockEnvironment environment = MockEnvironment.builder()
                .setManagedMemorySize(64 << 20)
                .setExecutionConfig(config)
                .setTaskStateManager(TestTaskStateManager.builder()
                        .setStateChangelogStorage(new InMemoryStateChangelogStorage())
                        .build())
                .build();
        environment.setCheckpointStorageAccess(
                new JobManagerCheckpointStorage(MAX_MEMORY_STATE).createCheckpointStorage(environment.getJobID()));
        return new BackendHarness(environment);
    }

    static Configuration options(File localDirectory) {
        Configuration options = new Configuration();
        options.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, true);
        options.set(ForebayOptions.LOCAL_DIRECTORIES, localDirectory.getAbsolutePath());
        return options;
    }

    MockEnvironment environment() {
        return environment;
    }

    /** For backends that are created from now on. */
    void setKvStateRegistry(TaskKvStateRegistry registry) {
        kvStateRegistry = registry;
    }

    void setTimeProvider(TtlTimeProvider provider) {
        timeProvider = provider;
    }

    <K> ForebayKeyedStateBackend<K> forebay(
            Configuration options,
            TypeSerializer<K> keySerializer,
            int maxParallelism,
            KeyGroupRange keyGroups,
            Collection<KeyedStateHandle> handles)
            throws Exception {
        return (ForebayKeyedStateBackend<K>)
                create(new ForebayStateBackend(options), keySerializer, maxParallelism, keyGroups, handles);
    }

    <K> AbstractKeyedStateBackend<K> create(
            StateBackend stateBackend,
            TypeSerializer<K> keySerializer,
            int maxParallelism,
            KeyGroupRange keyGroups,
            Collection<KeyedStateHandle> handles)
            throws Exception {
        AbstractKeyedStateBackend<K> backend = (AbstractKeyedStateBackend<K>)
                stateBackend.createKeyedStateBackend(parameters(keySerializer, maxParallelism, keyGroups, handles));
        backends.add(backend);
        return backend;
    }

    /** With a backend of Flink around that of Forebay. The caller disposes it. */
    <K> CheckpointableKeyedStateBackend<K> wrapped(
            StateBackend stateBackend,
            TypeSerializer<K> keySerializer,
            int maxParallelism,
            KeyGroupRange keyGroups,
            Collection<KeyedStateHandle> handles)
            throws Exception {
        return stateBackend.createKeyedStateBackend(parameters(keySerializer, maxParallelism, keyGroups, handles));
    }

    /** The caller disposes it. */
    <K> AsyncKeyedStateBackend<K> async(
            Configuration options, TypeSerializer<K> keySerializer, int maxParallelism, KeyGroupRange keyGroups)
            throws Exception {
        StateBackend stateBackend = new ForebayStateBackend(options);
        assertThat(stateBackend.supportsAsyncKeyedStateBackend())
                .as("else Flink wraps the backend by itself")
                .isTrue();
        return stateBackend.createAsyncKeyedStateBackend(
                parameters(keySerializer, maxParallelism, keyGroups, List.of()));
    }

    private <K> KeyedStateBackendParametersImpl<K> parameters(
            TypeSerializer<K> keySerializer,
            int maxParallelism,
            KeyGroupRange keyGroups,
            Collection<KeyedStateHandle> handles)
            throws Exception {
        return new KeyedStateBackendParametersImpl<>(
                environment,
                new JobID(),
                "operator",
                keySerializer,
                maxParallelism,
                keyGroups,
                kvStateRegistry,
                timeProvider,
                new UnregisteredMetricsGroup(),
                (name, value) -> {},
                MetadataTrip.of(handles),
                new CloseableRegistry(),
                1.0);
    }

    void dispose(AbstractKeyedStateBackend<?> backend) throws Exception {
        backends.remove(backend);
        backend.close();
        backend.dispose();
    }

    static <S extends State> S state(AbstractKeyedStateBackend<?> backend, StateDescriptor<S, ?> descriptor)
            throws Exception {
        return backend.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, descriptor);
    }

    /**
     * Writes rows of random bytes that nothing changes later, so many that a compaction of a few newer rows leaves their
     * files alone; they lie in the bottom level on return.
     */
    static void addBallast(AbstractKeyedStateBackend<String> backend) throws Exception {
        ValueState<byte[]> ballast =
                state(backend, new ValueStateDescriptor<>("ballast", BytePrimitiveArraySerializer.INSTANCE));
        Random random = new Random(0);
        int rows = 0;
        for (int i = 0; rows < BALLAST_ROWS; i++) {
            String key = "ballast-" + i;
            int keyGroup = KeyGroupRangeAssignment.assignToKeyGroup(key, backend.getNumberOfKeyGroups());
            if (backend.getKeyGroupRange().contains(keyGroup)) {
                byte[] bytes = new byte[1024];
                random.nextBytes(bytes);
                backend.setCurrentKey(key);
                ballast.update(bytes);
                rows++;
            }
        }
        settle(backend);
    }

    /** Compacts all there is, so that the next checkpoints without writes between them consist of the same files. */
    static void settle(AbstractKeyedStateBackend<?> backend) {
        ((ForebayKeyedStateBackend<?>) backend).store().compact();
    }

    /**
     * Checks that {@code handle} refers to exactly those of its files that {@code completed} has already; compactions in the
     * background may have left none.
     */
    static void checkReferences(IncrementalRemoteKeyedStateHandle completed, IncrementalRemoteKeyedStateHandle handle) {
        Set<String> known = references(completed).keySet();
        references(handle)
                .forEach((name, referred) ->
                        assertThat(referred).as("%s is referred to", name).isEqualTo(known.contains(name)));
    }

    static CheckpointOptions options(SnapshotType type) {
        return new CheckpointOptions(type, CheckpointStorageLocationReference.getDefault());
    }

    static CheckpointStreamFactory memory() {
        return new MemCheckpointStreamFactory(MAX_MEMORY_STATE);
    }

    static SnapshotResult<KeyedStateHandle> snapshot(
            AbstractKeyedStateBackend<?> backend, long checkpointId, SnapshotType type, CheckpointStreamFactory target)
            throws Exception {
        RunnableFuture<SnapshotResult<KeyedStateHandle>> snapshot =
                backend.snapshot(checkpointId, checkpointId, target, options(type));
        snapshot.run();
        return snapshot.get();
    }

    static IncrementalRemoteKeyedStateHandle remote(SnapshotResult<KeyedStateHandle> result) {
        assertThat(result.getJobManagerOwnedSnapshot()).isInstanceOf(IncrementalRemoteKeyedStateHandle.class);
        return (IncrementalRemoteKeyedStateHandle) result.getJobManagerOwnedSnapshot();
    }

    static KeyedStateHandle canonicalSavepoint(AbstractKeyedStateBackend<?> backend) throws Exception {
        return canonicalSavepoint(backend, 1, memory()).getJobManagerOwnedSnapshot();
    }

    static SnapshotResult<KeyedStateHandle> canonicalSavepoint(
            AbstractKeyedStateBackend<?> backend, long checkpointId, CheckpointStreamFactory target) throws Exception {
        SavepointResources<?> resources = backend.savepoint();
        RunnableFuture<SnapshotResult<KeyedStateHandle>> savepoint = new SnapshotStrategyRunner<>(
                        "savepoint",
                        new SavepointSnapshotStrategy<>(resources.getSnapshotResources()),
                        new CloseableRegistry(),
                        resources.getPreferredSnapshotExecutionType())
                .snapshot(
                        checkpointId,
                        checkpointId,
                        target,
                        options(SavepointType.savepoint(SavepointFormatType.CANONICAL)));
        savepoint.run();
        return savepoint.get();
    }

    /** Files of a handle by name: true for those that it only refers to. */
    static Map<String, Boolean> references(IncrementalRemoteKeyedStateHandle handle) {
        Map<String, Boolean> files = new HashMap<>();
        for (HandleAndLocalPath file : handle.getSharedState()) {
            files.put(file.getLocalPath(), file.getHandle() instanceof PlaceholderStreamStateHandle);
        }
        return files;
    }

    /** The parts of handles that a backend for {@code keyGroups} is given at a restore. */
    static List<KeyedStateHandle> assign(Collection<? extends KeyedStateHandle> handles, KeyGroupRange keyGroups) {
        List<KeyedStateHandle> assigned = new ArrayList<>();
        for (KeyedStateHandle handle : handles) {
            KeyedStateHandle part = handle.getIntersection(keyGroups);
            if (part != null
                    && handle.getKeyGroupRange().getIntersection(keyGroups).getNumberOfKeyGroups() > 0) {
                assigned.add(part);
            }
        }
        return assigned;
    }

    @Override
    public void close() throws Exception {
        for (AbstractKeyedStateBackend<?> backend : new ArrayList<>(backends)) {
            dispose(backend);
        }
        // Fails when managed memory was not given back.
        environment.close();
    }

    /** How many files {@code directory} has, in its subdirectories too; 1 for a file, 0 when it does not exist. */
    static int files(File directory) {
        File[] children = directory.listFiles();
        if (children == null) {
            return directory.isFile() ? 1 : 0;
        }
        int count = 0;
        for (File child : children) {
            count += files(child);
        }
        return count;
    }
}
