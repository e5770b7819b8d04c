package io.forebay.bench.flink;

import io.forebay.bench.scenarios.Scale;
import io.forebay.bench.scenarios.Trial;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.RunnableFuture;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.state.State;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.runtime.checkpoint.CheckpointOptions;
import org.apache.flink.runtime.operators.testutils.MockEnvironment;
import org.apache.flink.runtime.state.AbstractKeyedStateBackend;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedStateBackendParametersImpl;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.StateBackendLoader;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.runtime.state.memory.MemCheckpointStreamFactory;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;
import org.slf4j.LoggerFactory;

/** A trial with an empty keyed backend in a task slot of its own. */
final class FlinkTrial implements AutoCloseable {
    private static final long MANAGED_MEMORY = 128L << 20;
    private static final int KEY_GROUPS = 128;
    private static final int MAX_CHECKPOINT = 1 << 30;

    private final Trial trial;
    private final MockEnvironment environment;
    private final AbstractKeyedStateBackend<Long> backend;
    private long checkpoints;

    /** One operation by number; what it throws ends the round. */
    interface Step {
        void run(int number) throws Exception;
    }

    private FlinkTrial(Trial trial, MockEnvironment environment, AbstractKeyedStateBackend<Long> backend) {
        this.trial = trial;
        this.environment = environment;
        this.backend = backend;
    }

    static FlinkTrial of(Trial trial) throws Exception {
        Configuration configuration = BackendKind.of(trial.contender()).configuration(trial.newDirectory("slot"));
        ClassLoader classLoader = FlinkTrial.class.getClassLoader();
        StateBackend stateBackend = StateBackendLoader.loadStateBackendFromConfig(
                configuration, classLoader, LoggerFactory.getLogger(FlinkTrial.class));
        MockEnvironment environment =
                MockEnvironment.builder().setManagedMemorySize(MANAGED_MEMORY).build();
        AbstractKeyedStateBackend<Long> backend = (AbstractKeyedStateBackend<Long>)
                stateBackend.<Long>createKeyedStateBackend(new KeyedStateBackendParametersImpl<>(
                        environment,
                        new JobID(),
                        "operator",
                        LongSerializer.INSTANCE,
                        KEY_GROUPS,
                        KeyGroupRange.of(0, KEY_GROUPS - 1),
                        environment.getTaskKvStateRegistry(),
                        TtlTimeProvider.DEFAULT,
                        new UnregisteredMetricsGroup(),
                        (name, value) -> {},
                        List.of(),
                        new CloseableRegistry(),
                        1.0));
        return new FlinkTrial(trial, environment, backend);
    }

    Scale scale() {
        return trial.scale();
    }

    SplittableRandom random() {
        return trial.random();
    }

    AbstractKeyedStateBackend<Long> backend() {
        return backend;
    }

    <S extends State> S state(StateDescriptor<S, ?> descriptor) throws Exception {
        return backend.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, descriptor);
    }

    /** The state behind that of users, whose namespace can be set. */
    @SuppressWarnings("unchecked")
    <N, S extends State, I> I internalState(TypeSerializer<N> namespaceSerializer, StateDescriptor<S, ?> descriptor)
            throws Exception {
        return (I) backend.getOrCreateKeyedState(namespaceSerializer, descriptor);
    }

    void setKey(long key) {
        backend.setCurrentKey(key);
    }

    void measure(String work, int count, Step step) {
        trial.measure(work, count, number -> {
            try {
                step.run(number);
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException(work + " failed", e);
            }
        });
    }

    /** As {@link #measure}, of which each step does {@code each} things that count. */
    void measureInGroups(String work, int count, int each, Step step) {
        trial.measureInGroups(work, count, each, 0, number -> {
            try {
                step.run(number);
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException(work + " failed", e);
            }
        });
    }

    /** Takes a checkpoint, as a task does now and then: after it, state in memtables is in files. */
    void checkpoint() throws Exception {
        long id = ++checkpoints;
        RunnableFuture<SnapshotResult<KeyedStateHandle>> snapshot = backend.snapshot(
                id,
                id,
                new MemCheckpointStreamFactory(MAX_CHECKPOINT),
                CheckpointOptions.forCheckpointWithDefaultLocation());
        snapshot.run();
        snapshot.get();
        backend.notifyCheckpointComplete(id);
        trial.awaitQuiet();
    }

    static void check(boolean right, String what) {
        Trial.check(right, what);
    }

    @Override
    public void close() throws Exception {
        backend.close();
        backend.dispose();
        environment.close();
    }
}
