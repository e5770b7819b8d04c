package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.ReadableFile;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.Halt;
import io.forebay.store.testing.TestThreads;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A look for due compactions read what range deletes hide, up to hundreds of blocks, under the monitor that flushes take at their end, and nothing
 * cut it off: flushes, commits, close and discard waited for all these reads.
 */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LookForCompactionsHoldsUpStoreTest {
    private static final int ROWS = 20_000;

    private final Halt look = new Halt();
    private final AtomicInteger looks = new AtomicInteger();
    private volatile boolean counting;
    private volatile IOException failure;

    private final FileStore files = new ForwardingFileStore(new CrashFileStore()) {
        @Override
        public ReadableFile open(String name) throws IOException {
            return new Reader(super.open(name)) {
                @Override
                public void read(long position, ByteBuffer into) throws IOException {
                    if (counting && isLook()) {
                        looks.incrementAndGet();
                        look.here();
                        IOException fails = failure;
                        if (fails != null) {
                            failure = null;
                            throw fails;
                        }
                    }
                    super.read(position, into);
                }
            };
        }
    };

    private static boolean isLook() {
        return Arrays.stream(Thread.currentThread().getStackTrace())
                .anyMatch(frame -> frame.getClassName().endsWith(".CompactionPicker"));
    }

    private static byte[] key(int i) {
        return String.format("key-%08d", i).getBytes(UTF_8);
    }

    private static Environment environment() {
        return Environment.builder().memoryBytes(4 << 20).build();
    }

    private Store open(Environment environment) {
        StoreOptions options = StoreOptions.builder()
                .targetFileBytes(16 << 10)
                .blockBytes(1024)
                .valueFileThreshold(100)
                .build();
        return environment.open(files, options);
    }

    /** Up to the first read of a look: each of some hundred files loses a part of its rows. */
    private void fillAndLook(Store store) throws InterruptedException {
        for (int i = 0; i < ROWS; i++) {
            store.put(key(i), new byte[i % 8 == 0 ? 200 : 40]);
        }
        store.commitDurably(new byte[0]);
        store.compact();
        for (int i = 0; i < ROWS; i += 20) {
            store.deleteRange(key(i), key(i + 3));
        }
        store.commit(new byte[0]);
        counting = true;
        store.flush();
        look.reached.await();
    }

    @Test
    void flushesAndCommitsGoOn() throws Exception {
        try (Environment environment = environment();
                Store store = open(environment)) {
            fillAndLook(store);
            for (int i = 0; i < 3; i++) {
                store.put(key(ROWS + i), new byte[10]);
                store.flush();
                store.put(key(ROWS + i), new byte[20]);
                store.commitDurably(new byte[0]);
            }
            assertThat(looks.get()).isEqualTo(1);
            look.release.countDown();
        }
    }

    private void checkEndsWithOneRead(Consumer<Store> end) throws Exception {
        try (Environment environment = environment()) {
            Store store = open(environment);
            fillAndLook(store);
            AtomicReference<Throwable> failed = new AtomicReference<>();
            Thread ending = TestThreads.start(() -> end.accept(store), failed);
            while (!isIn(ending, "awaitJobs")) {
                Thread.onSpinWait();
            }
            look.release.countDown();
            ending.join();
            assertThat(failed.get()).isNull();
            assertThat(looks.get()).isEqualTo(1);
        }
    }

    private static boolean isIn(Thread thread, String method) {
        return Arrays.stream(thread.getStackTrace())
                .anyMatch(frame -> frame.getMethodName().equals(method));
    }

    @Test
    void discardWaitsForOneRead() throws Exception {
        checkEndsWithOneRead(Store::discard);
    }

    @Test
    void closeWaitsForOneRead() throws Exception {
        checkEndsWithOneRead(Store::close);
    }

    /** As any other job, it is tried again. */
    @Test
    void aReadThatFailsIsTriedAgain() throws Exception {
        try (Environment environment = environment();
                Store store = open(environment)) {
            failure = new IOException("no answer");
            fillAndLook(store);
            look.release.countDown();
            store.compact();
            while (store.statistics().backgroundRetries() == 0) {
                Thread.onSpinWait();
            }
            store.put(key(ROWS), new byte[10]);
            store.commitDurably(new byte[0]);
            assertThat(store.statistics().backgroundFailures()).isPositive();
        }
    }
}
