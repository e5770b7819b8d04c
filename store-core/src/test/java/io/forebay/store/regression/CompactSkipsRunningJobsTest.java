package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.CompactionFilter;
import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A compaction filter began to drop rows, and a full compaction was called so that they go; but a job under way had asked the filter
 * about them before, and its files counted as rewritten: the rows stayed.
 */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CompactSkipsRunningJobsTest {
    private static final int ROWS = 100;
    private static final byte[] LAST = key(ROWS - 1);

    private final CountDownLatch atLast = new CountDownLatch(1);
    private final CountDownLatch goOn = new CountDownLatch(1);
    private volatile boolean holding;
    private volatile boolean dropping;

    private final CompactionFilter filter = (key, keyLength, value, valueLength) -> {
        boolean drop = dropping;
        if (holding && Arrays.equals(key, 0, keyLength, LAST, 0, LAST.length)) {
            holding = false;
            atLast.countDown();
            await(goOn);
        }
        return drop;
    };

    private final Environment environment =
            Environment.builder().memoryBytes(8 << 20).build();
    private final Store store = environment.open(
            FileStores.inMemory(),
            StoreOptions.builder().compactionFilter(filter).build());

    @AfterEach
    void close() {
        goOn.countDown();
        store.close();
        environment.close();
    }

    @Test
    void besideACompaction() throws InterruptedException {
        put();
        store.commitDurably(new byte[0]);
        compactBeside(store::compact);
    }

    @Test
    void besideAFlush() throws InterruptedException {
        put();
        store.commit(new byte[0]);
        compactBeside(store::flush);
    }

    private void put() {
        for (int i = 0; i < ROWS; i++) {
            store.put(key(i), new byte[60]);
        }
    }

    /** @param other asks the filter about all rows, and is held at the last one */
    private void compactBeside(Runnable other) throws InterruptedException {
        holding = true;
        Thread first = new Thread(other);
        first.start();
        await(atLast);
        dropping = true;
        Thread compacting = new Thread(store::compact);
        compacting.start();
        while (!isWaiting(compacting)) {
            Thread.onSpinWait();
        }
        goOn.countDown();
        first.join();
        compacting.join();
        try (StoreIterator rows = store.iterator(KeyRange.all())) {
            rows.seekToFirst();
            assertThat(rows.isValid()).isFalse();
        }
    }

    private static boolean isWaiting(Thread thread) {
        return switch (thread.getState()) {
            case WAITING, TIMED_WAITING, TERMINATED -> true;
            default -> false;
        };
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] key(int number) {
        return String.format("key%03d", number).getBytes(UTF_8);
    }
}
