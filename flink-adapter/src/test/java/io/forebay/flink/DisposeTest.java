package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.Mockito.doThrow;
import static org.mockito.Mockito.mock;

import io.forebay.store.StoreClosedException;
import io.forebay.store.testing.TestThreads;
import java.io.File;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RunnableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.query.TaskKvStateRegistry;
import org.apache.flink.runtime.state.AsyncKeyedStateBackend;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The end of a backend: at once, and nothing of it is left. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DisposeTest {
    private static final KeyGroupRange ALL = new KeyGroupRange(0, 127);

    @TempDir
    private File temporary;

    private final Set<Thread> before = environmentThreads();

    /** Those of environments; the threads that transfer files end by themselves a while later. */
    private static Set<Thread> environmentThreads() {
        Set<Thread> threads = new HashSet<>(Thread.getAllStackTraces().keySet());
        threads.removeIf(thread -> !thread.getName().matches("forebay-\\d+"));
        return threads;
    }

    private Set<Thread> newThreads() {
        Set<Thread> threads = environmentThreads();
        threads.removeAll(before);
        return threads;
    }

    private ForebayKeyedStateBackend<String> backend(BackendHarness slot) throws Exception {
        return slot.forebay(BackendHarness.options(temporary), StringSerializer.INSTANCE, 128, ALL, List.of());
    }

    private static void write(ForebayKeyedStateBackend<String> backend, StateTtlConfig ttl, int rows) throws Exception {
        ValueStateDescriptor<Long> descriptor = new ValueStateDescriptor<>("value", LongSerializer.INSTANCE);
        descriptor.enableTimeToLive(ttl);
        ValueState<Long> state = BackendHarness.state(backend, descriptor);
        for (int i = 0; i < rows; i++) {
            backend.setCurrentKey("key-" + i);
            state.update((long) i);
        }
    }

    private void assertNothingLeft(BackendHarness slot) {
        assertThat(newThreads()).as("threads of the slot's environment").isEmpty();
        assertThat(temporary.list()).as("working directories").isEmpty();
        assertThat(slot.environment().getMemoryManager().verifyEmpty())
                .as("managed memory is given back")
                .isTrue();
    }

    @Test
    void aFlushUnderWayIsGivenUp() throws Exception {
        int rows = 30_000;
        CountDownLatch reached = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        AtomicInteger flushed = new AtomicInteger();
        TtlTimeProvider clock = () -> {
            if (Thread.currentThread().getName().startsWith("forebay-")) {
                flushed.incrementAndGet();
                reached.countDown();
                TestThreads.awaitUninterruptibly(release);
            }
            return 0;
        };
        ExecutorService canceler = Executors.newSingleThreadExecutor();
        try (BackendHarness slot = new BackendHarness()) {
            slot.setTimeProvider(clock);
            ForebayKeyedStateBackend<String> backend = backend(slot);
            write(backend, StateTtlConfig.newBuilder(Duration.ofHours(1)).build(), rows);
            RunnableFuture<SnapshotResult<KeyedStateHandle>> snapshot =
                    backend.snapshot(1, 1, BackendHarness.memory(), BackendHarness.options(CheckpointType.CHECKPOINT));
            reached.await();
            Future<?> disposed = canceler.submit((Callable<Void>) () -> {
                slot.dispose(backend);
                return null;
            });
            awaitClosed(backend);
            assertThat(disposed.isDone()).as("the flush stands still").isFalse();
            release.countDown();
            disposed.get();
            assertThat(snapshot.isCancelled()).isTrue();
            assertThat(flushed.get())
                    .as("rows of " + rows + " that the flush looked at")
                    .isLessThan(100);
            assertNothingLeft(slot);
        } finally {
            release.countDown();
            canceler.shutdown();
        }
    }

    private static void awaitClosed(ForebayKeyedStateBackend<?> backend) {
        while (true) {
            try {
                backend.store().get(new byte[] {0});
                Thread.onSpinWait();
            } catch (StoreClosedException e) {
                return;
            }
        }
    }

    /** Each attempt of a task of the asynchronous API: what Flink does with the backend when the attempt ends. */
    @Test
    void asynchronousStateLeavesNothing() throws Exception {
        try (BackendHarness slot = new BackendHarness()) {
            for (int attempt = 0; attempt < 3; attempt++) {
                AsyncKeyedStateBackend<String> backend =
                        slot.async(BackendHarness.options(temporary), StringSerializer.INSTANCE, 128, ALL);
                backend.getOrCreateKeyedState(
                        VoidNamespace.INSTANCE,
                        VoidNamespaceSerializer.INSTANCE,
                        new org.apache.flink.api.common.state.v2.ValueStateDescriptor<>(
                                "value", LongSerializer.INSTANCE));
                assertThat(newThreads()).isNotEmpty();
                assertThat(temporary.list()).hasSize(1);
                backend.dispose();
                backend.close();
                assertNothingLeft(slot);
            }
        }
    }

    @Test
    void aStepThatFailsKeepsNothing() throws Exception {
        TaskKvStateRegistry registry = mock(TaskKvStateRegistry.class);
        doThrow(new IllegalStateException("queryable state is broken"))
                .when(registry)
                .unregisterAll();
        try (BackendHarness slot = new BackendHarness()) {
            ForebayKeyedStateBackend<String> first = backend(slot);
            slot.setKvStateRegistry(registry);
            ForebayKeyedStateBackend<String> second = backend(slot);
            slot.dispose(first);
            assertThat(newThreads()).as("the second one needs them").isNotEmpty();
            assertThatThrownBy(() -> slot.dispose(second)).hasMessage("queryable state is broken");
            assertNothingLeft(slot);
        }
    }

    @Test
    void theOrderInWhichThingsCloseDoesNotMatter() throws Exception {
        try (BackendHarness slot = new BackendHarness()) {
            ForebayKeyedStateBackend<String> first = backend(slot);
            ForebayKeyedStateBackend<String> second = backend(slot);
            // A TaskManager that ends may shut the memory of a slot down before the tasks are gone.
            slot.environment().getMemoryManager().shutdown();
            second.dispose();
            second.close();
            first.close();
            first.dispose();
            first.dispose();
            assertThat(newThreads()).isEmpty();
            assertThat(temporary.list()).isEmpty();
        }
    }

    /** Flink interrupts the thread of a task that is cancelled, which then disposes what it has. */
    @Test
    void anInterruptedThreadLeavesNothing() throws Exception {
        try (BackendHarness slot = new BackendHarness()) {
            ForebayKeyedStateBackend<String> backend = backend(slot);
            write(backend, StateTtlConfig.newBuilder(Duration.ofHours(1)).build(), 1000);
            backend.snapshot(1, 1, BackendHarness.memory(), BackendHarness.options(CheckpointType.CHECKPOINT));
            Thread.currentThread().interrupt();
            slot.dispose(backend);
            assertThat(Thread.interrupted()).as("the interrupt is kept").isTrue();
            assertNothingLeft(slot);
        }
    }
}
