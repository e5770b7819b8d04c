package io.forebay.store.api;

import static io.forebay.store.testing.TestThreads.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Environment;
import io.forebay.store.Store;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What waits for a checkpoint to be complete may call every method of its store, and hears of the end of it. */
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CompletionCallbacksTest extends CallbackStores {
    /** So that what hangs on a completion is there before it, and not run by the thread that asks for it too late. */
    private static StoreOptions flushesWaitFor(CountDownLatch held) {
        return StoreOptions.builder()
                .compactionFilter((key, keyLength, value, valueLength) -> {
                    await(held);
                    return false;
                })
                .build();
    }

    /** All of them work in the completion of a checkpoint: with one background thread, which none may keep. */
    @Test
    void aCompletionMayCallEverything() throws Exception {
        for (Map.Entry<String, BiConsumer<Environment, Store>> call : CALLS.entrySet()) {
            Environment environment = environment(1);
            CountDownLatch held = new CountDownLatch(1);
            Store store = environment.open(new CrashFileStore(), flushesWaitFor(held));
            store.put(A, A);
            CompletableFuture<Void> done = store.checkpoint(NONE)
                    .completion()
                    .thenRun(() -> call.getValue().accept(environment, store));
            held.countDown();
            assertThat(done.handle((ignored, failure) -> failure).get(120, TimeUnit.SECONDS))
                    .as(call.getKey())
                    .isNull();
            environment.close();
        }
    }

    /** One that waits for another one keeps nothing from it. */
    @Test
    void aCompletionMayWaitForAnother() throws Exception {
        try (Environment environment = environment(1)) {
            CountDownLatch held = new CountDownLatch(1);
            Store store = environment.open(new CrashFileStore(), flushesWaitFor(held));
            store.put(A, A);
            CompletableFuture<Void> first = store.checkpoint(NONE).completion().thenRun(() -> {
                store.put(bytes("b"), A);
                store.checkpoint(NONE).completion().join();
            });
            held.countDown();
            first.get(120, TimeUnit.SECONDS);
        }
    }

    /** It fails, and is told, when the store is closed, also by what a discard or a failure does. */
    @Test
    void aCompletionIsToldOfTheEnd() throws Exception {
        for (boolean discard : new boolean[] {false, true}) {
            Environment environment = environment(1);
            Store store = environment.open(new CrashFileStore(), StoreOptions.defaults());
            store.put(A, A);
            CountDownLatch held = new CountDownLatch(1);
            CountDownLatch reached = new CountDownLatch(1);
            occupyTheOnlyThread(environment, reached, held);
            reached.await();
            CompletableFuture<Throwable> told = store.checkpoint(NONE)
                    .completion()
                    .handle((ignored, failure) -> {
                        assertThatThrownBy(() -> store.put(A, A)).isInstanceOf(StoreClosedException.class);
                        store.close();
                        environment.close();
                        return failure;
                    });
            if (discard) {
                store.discard();
            } else {
                store.close();
            }
            held.countDown();
            assertThat(told.get(120, TimeUnit.SECONDS)).isInstanceOf(StoreClosedException.class);
            environment.close();
        }
    }

    private static void occupyTheOnlyThread(Environment environment, CountDownLatch reached, CountDownLatch held) {
        Store other = environment.open(
                new CrashFileStore(),
                StoreOptions.builder()
                        .compactionFilter((key, keyLength, value, valueLength) -> {
                            reached.countDown();
                            await(held);
                            return false;
                        })
                        .build());
        other.put(A, A);
        other.checkpoint(NONE);
    }

    /** Threads of callbacks end with their environment. */
    @Test
    void noThreadIsLeftBehind() throws Exception {
        List<Thread> seen = new ArrayList<>();
        AtomicReference<CountDownLatch> held = new AtomicReference<>();
        Environment environment = environment(2);
        Store store = environment.open(
                new CrashFileStore(),
                StoreOptions.builder()
                        .compactionFilter((key, keyLength, value, valueLength) -> {
                            await(held.get());
                            return false;
                        })
                        .build());
        for (int i = 0; i < 5; i++) {
            held.set(new CountDownLatch(1));
            store.put(bytes("k" + i), A);
            CompletableFuture<Void> done =
                    store.checkpoint(NONE).completion().thenRun(() -> seen.add(Thread.currentThread()));
            held.get().countDown();
            done.get(120, TimeUnit.SECONDS);
        }
        environment.close();
        assertThat(seen).hasSize(5).doesNotContain(Thread.currentThread());
        for (Thread thread : seen) {
            thread.join(60_000);
        }
        assertThat(seen).noneMatch(Thread::isAlive);
    }
}
