package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.ForwardingExecutor;
import io.forebay.store.util.SystemExecutor;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * {@code compact()} waited until no compaction ran at all, also for those of files that were written after it had been called; beside
 * a steady writer one always runs.
 */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CompactWaitsForLaterJobsTest {
    private static final int KEYS = 50;
    private static final int MOST_FLUSHES = 100;

    private final CountDownLatch held = new CountDownLatch(1);
    private final CountDownLatch goOn = new CountDownLatch(1);
    private final ThreadLocal<Boolean> inBackgroundCompaction = ThreadLocal.withInitial(() -> false);
    private volatile Thread compacting;

    private final Environment environment = Environment.builder()
            .memoryBytes(8 << 20)
            .executor(new ForwardingExecutor(new SystemExecutor(4, "test")) {
                @Override
                public void execute(Kind kind, Runnable work) {
                    super.execute(kind, kind == Kind.COMPACTION ? () -> compact(work) : work);
                }
            })
            .build();
    private final Store store = environment.open(
            FileStores.inMemory(),
            StoreOptions.builder().compactionFilter(this::drops).build());

    private void compact(Runnable work) {
        inBackgroundCompaction.set(true);
        work.run();
        inBackgroundCompaction.remove();
    }

    /** While the thread in compact() asks about its first key, others write, until a compaction of that is under way. */
    private boolean drops(byte[] key, int keyLength, byte[] value, int valueLength) {
        if (Thread.currentThread() == compacting) {
            compacting = null;
            elsewhere(() -> {
                for (int flush = 0; flush < MOST_FLUSHES && held.getCount() > 0; flush++) {
                    writeAndFlush();
                }
                await(held);
            });
        } else if (inBackgroundCompaction.get()) {
            held.countDown();
            await(goOn);
        }
        return false;
    }

    private static void elsewhere(Runnable work) {
        FutureTask<Void> task = new FutureTask<>(work, null);
        new Thread(task, "writer").start();
        try {
            task.get();
        } catch (ExecutionException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private void writeAndFlush() {
        for (int i = 0; i < KEYS; i++) {
            store.put(("key " + i).getBytes(UTF_8), new byte[100]);
        }
        store.commitDurably(new byte[0]);
    }

    @AfterEach
    void close() {
        goOn.countDown();
        store.close();
        environment.close();
    }

    @Test
    void aCompactEndsBesideACompactionOfLaterFiles() {
        writeAndFlush();
        writeAndFlush();
        compacting = Thread.currentThread();
        store.compact();
        assertThat(compacting).as("the filter was asked").isNull();
        assertThat(goOn.getCount())
                .as("the other compaction is still under way")
                .isOne();
        assertThat(store.statistics().readOnlyCause()).isNull();
    }
}
