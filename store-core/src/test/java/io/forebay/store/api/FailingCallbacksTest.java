package io.forebay.store.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.Checkpoint;
import io.forebay.store.Environment;
import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.ForwardingExecutor;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.SteppedEnvironment;
import io.forebay.store.testing.SteppedExecutor;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Callbacks that throw, refuse or interrupt stop writes by name at most, and nothing waits for what will not come. */
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FailingCallbacksTest extends CallbackStores {
    /** A flush that a callback ends with whatever it throws stops writes by name, and goes on when it is asked to. */
    @Test
    void whatAFilterThrowsIsNoLostCommit() {
        for (Throwable thrown : List.of(
                new IllegalArgumentException("thrown"),
                new AssertionError("thrown"),
                new StackOverflowError("thrown"),
                new OutOfMemoryError("thrown"),
                new java.util.concurrent.CancellationException("thrown"))) {
            AtomicReference<Throwable> next = new AtomicReference<>(thrown);
            CrashFileStore disk = new CrashFileStore();
            StoreOptions options = StoreOptions.builder()
                    .compactionFilter((key, keyLength, value, valueLength) -> {
                        Throwable failure = next.get();
                        if (failure instanceof Error e) {
                            throw e;
                        }
                        if (failure != null) {
                            throw (RuntimeException) failure;
                        }
                        return false;
                    })
                    .build();
            try (Environment environment = environment(2)) {
                Store store = environment.open(disk, options);
                store.put(A, A);
                assertThatThrownBy(() -> store.commitDurably(new byte[] {1}))
                        .isInstanceOf(ReadOnlyStoreException.class)
                        .hasMessageContaining("thrown");
                assertThat(store.get(A)).isEqualTo(A);
                next.set(null);
                store.resume();
                store.flush();
                store.commitDurably(new byte[] {2});
                assertThat(store.durablePayload()).containsExactly(2);
            }
        }
    }

    /** A completion that was refused has a thread of its own. */
    @Test
    void anExecutorThatRefusesCompletions() throws Exception {
        boolean[] refusing = new boolean[1];
        SteppedExecutor stepped = new SteppedExecutor(new ManualClock());
        BackgroundExecutor executor = new ForwardingExecutor(stepped) {
            @Override
            public void execute(Kind kind, Runnable work) {
                if (refusing[0] && kind == Kind.CALLBACK) {
                    throw new RejectedExecutionException("no completions");
                }
                super.execute(kind, work);
            }
        };
        CrashFileStore files = new CrashFileStore();
        try (Environment environment = Environment.builder()
                .executor(executor)
                .allocator(new HeapSlabs())
                .build()) {
            Store store = environment.open(files, StoreOptions.defaults());
            for (int i = 0; i < 10; i++) {
                store.put(A, A);
                store.commitDurably(NONE);
                refusing[0] = true;
                try (Checkpoint checkpoint = store.checkpoint(NONE)) {
                    checkpoint.completion().get(120, TimeUnit.SECONDS);
                }
                refusing[0] = false;
            }
            store.compact();
            stepped.drain();
            assertThat(files.list().stream().filter(name -> name.endsWith(".sst")))
                    .hasSize(1);
        }
    }

    /** An executor that takes no work stops writes by name; nothing waits for what will not come. */
    @Test
    void anExecutorThatRefuses() {
        ManualClock clock = new ManualClock();
        boolean[] refusing = new boolean[1];
        SteppedExecutor stepped = new SteppedExecutor(clock);
        BackgroundExecutor executor = new ForwardingExecutor(stepped) {
            @Override
            public void execute(Kind kind, Runnable work) {
                if (refusing[0] && kind != Kind.CALLBACK) {
                    throw new RejectedExecutionException("no more work");
                }
                super.execute(kind, work);
            }
        };
        try (Environment environment = Environment.builder()
                .clock(clock)
                .executor(executor)
                .allocator(new HeapSlabs())
                .build()) {
            Store store = environment.open(new CrashFileStore(), StoreOptions.defaults());
            store.put(A, A);
            refusing[0] = true;
            Checkpoint checkpoint = store.checkpoint(NONE);
            assertThat(checkpoint.completion()).isCompletedExceptionally();
            assertThatThrownBy(() -> store.put(A, A))
                    .isInstanceOf(ReadOnlyStoreException.class)
                    .hasMessageContaining("no more work");
            refusing[0] = false;
            store.resume();
            store.put(bytes("b"), A);
            store.commitDurably(new byte[] {1});
        }
    }

    /** Flushes and compactions that a filter interrupts go on, and so does whatever comes next on their thread. */
    @Test
    void aFilterThatInterruptsABackgroundThread() {
        Thread caller = Thread.currentThread();
        StoreOptions options = StoreOptions.builder()
                .compactionFilter((key, keyLength, value, valueLength) -> {
                    if (Thread.currentThread() != caller) {
                        Thread.currentThread().interrupt();
                    }
                    return false;
                })
                .build();
        try (Environment environment = environment(1)) {
            Store store = environment.open(new CrashFileStore(), options);
            for (int i = 0; i < 20; i++) {
                store.put(bytes("k" + i), A);
                store.commitDurably(new byte[] {(byte) i});
            }
            store.compact();
            assertThat(store.verify().isClean()).isTrue();
        }
    }

    /** The compaction of a caller goes on as well, and the interrupt is the caller's to see. */
    @Test
    void aFilterThatInterruptsTheCaller() {
        boolean[] interrupting = new boolean[1];
        StoreOptions.Builder options = StoreOptions.builder().compactionFilter((key, keyLength, value, valueLength) -> {
            if (interrupting[0]) {
                Thread.currentThread().interrupt();
            }
            return false;
        });
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(new CrashFileStore(), options);
            for (int i = 0; i < 2; i++) {
                store.put(A, bytes("k" + i));
                store.flush();
            }
            interrupting[0] = true;
            store.compact();
            assertThat(Thread.interrupted()).isTrue();
            assertThat(store.statistics().sortedRuns()).isEqualTo(1);
            assertThat(store.verify().isClean()).isTrue();
        }
    }
}
