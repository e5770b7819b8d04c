package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.ForwardingExecutor;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.util.SystemExecutor;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Timeout;

/**
 * {@code compact()} waited for a compaction under way, and another one merged its result with what had been written since: then
 * all files had later writes, nothing was left to be done, and rows that had been deleted before the call stayed in files. It
 * happened when a background thread looked for work before the waiting one did, about every other time.
 */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CompactLosesFilesToOthersTest {
    private static final int ROWS = 12_000;
    private static final int DELETES_PER_FLUSH = 60;
    private static final int MOST_FLUSHES = 100;
    private static final int LATER_FLUSHES = 6;
    private static final int LATER_ROWS = 20;

    private final CountDownLatch held = new CountDownLatch(1);
    private final CountDownLatch goOn = new CountDownLatch(1);
    private final ThreadLocal<Boolean> inBackgroundCompaction = ThreadLocal.withInitial(() -> false);
    private volatile boolean holding;

    private static byte[] row(int number) {
        return String.format("row%06d", number).getBytes(UTF_8);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static boolean isInFull(Thread thread) {
        return thread.getState() == Thread.State.WAITING
                && Arrays.stream(thread.getStackTrace())
                        .anyMatch(frame -> frame.getMethodName().equals("compactAll"));
    }

    private Environment environment() {
        return Environment.builder()
                .memoryBytes(32 << 20)
                .executor(new ForwardingExecutor(new SystemExecutor(4, "test")) {
                    @Override
                    public void execute(Kind kind, Runnable work) {
                        super.execute(kind, kind == Kind.COMPACTION ? () -> compact(work) : work);
                    }
                })
                .build();
    }

    private void compact(Runnable work) {
        inBackgroundCompaction.set(true);
        work.run();
        inBackgroundCompaction.remove();
    }

    private Store open(Environment environment) {
        StoreOptions options = StoreOptions.builder()
                .memtableBytes(1 << 20)
                .targetFileBytes(1 << 20)
                .build();
        return environment.open(
                new ForwardingFileStore(FileStores.inMemory()) {
                    @Override
                    public WritableFile create(String name) throws IOException {
                        if (holding && inBackgroundCompaction.get()) {
                            holding = false;
                            held.countDown();
                            await(goOn);
                        }
                        return super.create(name);
                    }
                },
                options);
    }

    @RepeatedTest(6)
    void deletedRowsAreGoneAfterACompact() throws InterruptedException {
        try (Environment environment = environment();
                Store store = open(environment)) {
            for (int i = 0; i < ROWS; i++) {
                store.put(row(i), new byte[1000]);
            }
            store.commitDurably(new byte[0]);
            store.compact();
            holding = true;
            Set<Integer> deleted = new HashSet<>();
            for (int flush = 0; flush < MOST_FLUSHES && held.getCount() > 0; flush++) {
                for (int i = 0; i < DELETES_PER_FLUSH; i++) {
                    int row = (i * 199 + flush % 6 * 7) % ROWS;
                    store.delete(row(row));
                    deleted.add(row);
                }
                store.commitDurably(new byte[0]);
            }
            await(held);
            Thread compacting = new Thread(store::compact, "compacting");
            compacting.start();
            while (!isInFull(compacting)) {
                Thread.onSpinWait();
            }
            for (int flush = 0; flush < LATER_FLUSHES; flush++) {
                for (int i = 0; i < LATER_ROWS; i++) {
                    store.put(row(ROWS + i * 31 + flush), new byte[20]);
                    store.put(row((i * 599 + 3 + flush) % ROWS), new byte[20]);
                }
                store.commitDurably(new byte[0]);
            }
            goOn.countDown();
            compacting.join();
            assertThat(store.statistics().estimatedEntries())
                    .isLessThanOrEqualTo(ROWS - deleted.size() + 2 * LATER_ROWS * LATER_FLUSHES);
        } finally {
            goOn.countDown();
        }
    }
}
