package io.forebay.store.regression;

import static io.forebay.store.testing.TestThreads.await;
import static io.forebay.store.testing.TestThreads.start;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.ForwardingExecutor;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.Halt;
import io.forebay.store.util.SystemExecutor;
import java.io.IOException;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A compaction of many runs, on a slow disk, had taken all memory of a small budget to read ahead, in all of its regions, and
 * writers of every store were refused until its end.
 */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WritesRefusedBesideCompactionTest {
    private static final int BUDGET = 4 << 20;
    private static final int KEYS = 30_000;
    private static final int NEIGHBOURS = 12_000;

    private final Halt halt = new Halt();
    private final AtomicReference<Throwable> compactionFailed = new AtomicReference<>();
    private volatile boolean slow;

    private static byte[] key(int i) {
        return String.format("key %08d", i).getBytes(UTF_8);
    }

    /** Files of which a write stands still once they are slow. */
    private FileStore slowFiles() {
        FileStore files = FileStores.inMemory();
        FileStore halting = halt.atSstWrites(files);
        return new ForwardingFileStore(files) {
            @Override
            public WritableFile create(String name) throws IOException {
                return slow ? halting.create(name) : super.create(name);
            }
        };
    }

    /** Runs pile up: no compaction of the background gets a thread. */
    private static BackgroundExecutor withoutCompactions() {
        return new ForwardingExecutor(new SystemExecutor(2, "test")) {
            @Override
            public void execute(Kind kind, Runnable work) {
                if (kind != Kind.COMPACTION) {
                    super.execute(kind, work);
                }
            }
        };
    }

    /** A little value, and one of a ninth of the budget in one piece. */
    @ParameterizedTest
    @CsvSource({"260, 2", "130, 452464"})
    void aNeighbourWritesMeanwhile(int runs, int bytes) throws Exception {
        Random random = new Random(1);
        try (Environment environment = Environment.builder()
                .memoryBytes(BUDGET)
                .executor(withoutCompactions())
                .build()) {
            Store neighbour = environment.open(FileStores.inMemory(), StoreOptions.defaults());
            for (int i = 0; i < NEIGHBOURS; i++) {
                neighbour.put(key(i), new byte[1_000]);
            }
            neighbour.flush();
            Store store = environment.open(slowFiles(), StoreOptions.defaults());
            for (int run = 0; run < runs; run++) {
                for (int i = 0; i < 40; i++) {
                    store.put(key(random.nextInt(KEYS)), new byte[500]);
                }
                store.flush();
            }
            assertThat(store.statistics().sortedRuns()).isEqualTo(runs);
            slow = true;
            Thread compactor = start(store::compact, compactionFailed);
            try {
                await(halt.reached);
                for (int i = 0; i < 30_000; i++) {
                    neighbour.get(key(random.nextInt(NEIGHBOURS))); // the cache takes what is left
                }
                byte[] value = new byte[bytes];
                neighbour.put(key(0), value);
                assertThat(neighbour.get(key(0))).isEqualTo(value);
                assertThat(environment.statistics().metadataBytes()).isLessThan(BUDGET / 2);
            } finally {
                halt.release.countDown();
            }
            compactor.join();
            assertThat(compactionFailed.get()).isNull();
            assertThat(store.statistics().sortedRuns()).isEqualTo(1);
        }
    }
}
