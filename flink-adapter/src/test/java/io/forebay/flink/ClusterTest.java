package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.datastream.KeyedStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.util.Collector;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Jobs on a cluster of Flink whose TaskManager is ended under them: nothing of the backend outlives the cluster. */
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ClusterTest {
    private static final int PARALLELISM = 2;
    private static final int RECORDS = 200;
    private static final long GUARD_SECONDS = 240;

    /** A permit for each subtask that has state and stands still now, until its task is ended. */
    private static final Semaphore STANDING = new Semaphore(0);

    private static final Semaphore NEVER = new Semaphore(0);

    @TempDir
    private File temporary;

    private final Set<Thread> before = environmentThreads();

    private static Set<Thread> environmentThreads() {
        Set<Thread> threads = new HashSet<>(Thread.getAllStackTraces().keySet());
        threads.removeIf(thread -> !thread.getName().matches("forebay-\\d+"));
        return threads;
    }

    private static final class Counting extends KeyedProcessFunction<Long, Long, Long> {
        private static final long serialVersionUID = 1L;

        private final boolean async;
        private transient ValueState<Long> count;
        private transient org.apache.flink.api.common.state.v2.ValueState<Long> asyncCount;
        private transient int records;

        Counting(boolean async) {
            this.async = async;
        }

        @Override
        public void open(OpenContext context) {
            if (async) {
                asyncCount = getRuntimeContext()
                        .getState(new org.apache.flink.api.common.state.v2.ValueStateDescriptor<>("count", Types.LONG));
            } else {
                count = getRuntimeContext().getState(new ValueStateDescriptor<>("count", Types.LONG));
            }
        }

        @Override
        public void processElement(Long value, Context context, Collector<Long> out) throws Exception {
            if (async) {
                asyncCount.asyncUpdate(value);
            } else {
                count.update(value);
            }
            if (++records == RECORDS) {
                STANDING.release();
                NEVER.acquire();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void nothingOutlivesTheCluster(boolean async) throws Exception {
        STANDING.drainPermits();
        Configuration options = new Configuration();
        options.set(StateBackendOptions.STATE_BACKEND, ForebayStateBackendFactory.class.getName());
        options.set(ForebayOptions.LOCAL_DIRECTORIES, temporary.getAbsolutePath());
        // A machine that is busy with other work is slow, not broken.
        options.setString("pekko.ask.timeout", "5 min");
        options.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
        options.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, Integer.MAX_VALUE);
        options.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(1));
        options.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(32));
        MiniClusterConfiguration cluster = new MiniClusterConfiguration.Builder()
                .setConfiguration(options)
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(PARALLELISM)
                .withRandomPorts()
                .build();
        try (MiniCluster flink = new MiniCluster(cluster)) {
            flink.start();
            JobID job = flink.submitJob(job(options, async)).get().getJobID();
            awaitStanding();
            assertThat(environmentThreads()).as("threads of the slots").isNotEmpty();
            flink.terminateTaskManager(0).get();
            flink.startTaskManager();
            awaitStanding();
            flink.cancelJob(job).get();
            flink.requestJobResult(job).get();
        }
        Set<Thread> left = environmentThreads();
        left.removeAll(before);
        assertThat(left).as("threads of slots that are gone").isEmpty();
        assertThat(temporary.list()).as("working directories").isEmpty();
    }

    private static void awaitStanding() throws InterruptedException {
        assertThat(STANDING.tryAcquire(PARALLELISM, GUARD_SECONDS, TimeUnit.SECONDS))
                .as("all subtasks have run")
                .isTrue();
    }

    private static JobGraph job(Configuration options, boolean async) {
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment(options);
        environment.setParallelism(PARALLELISM);
        KeyedStream<Long, Long> keyed = environment
                .fromSequence(0, Long.MAX_VALUE)
                .keyBy((KeySelector<Long, Long>) value -> value % 1000, Types.LONG);
        if (async) {
            keyed = keyed.enableAsyncState();
        }
        keyed.process(new Counting(async)).returns(Types.LONG).sinkTo(new DiscardingSink<>());
        return environment.getStreamGraph().getJobGraph();
    }
}
