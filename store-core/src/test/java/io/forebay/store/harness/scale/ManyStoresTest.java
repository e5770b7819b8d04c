package io.forebay.store.harness.scale;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.UnixOperatingSystemMXBean;
import io.forebay.store.Checkpoint;
import io.forebay.store.Environment;
import io.forebay.store.EnvironmentStatistics;
import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.RestoreSource;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.Effort;
import io.forebay.store.testing.Figures;
import java.io.File;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Thousands of stores in one environment: memory, threads and open files are those of the environment. */
@Timeout(3600)
class ManyStoresTest {
    private static final int MIB = 1 << 20;
    private static final int BUDGET = 16 * MIB;
    private static final int MAX_OPEN_FILES = 100;
    private static final int THREADS = 2;
    /** Of each store, besides those that the environment bounds: its lock, and its manifest twice, to write and to sync. */
    private static final int FILES_OF_A_STORE = 3;

    @TempDir
    private Path directory;

    @Test
    void thousandsOfStoresShareMemoryThreadsAndFiles() {
        int count = (int) Effort.of("manyStores.stores", 2_000, 5_000);
        Figures figures = new Figures(ManyStoresTest.class);
        Random random = new Random(1);
        long filesBefore = openFiles();
        long most = 0;
        try (Environment environment = Environment.builder()
                .memoryBytes(BUDGET)
                .backgroundThreads(THREADS)
                .maxOpenFiles(MAX_OPEN_FILES)
                .build()) {
            List<Store> stores = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                Store store = environment.open(
                        files(i), StoreOptions.builder().name("store" + i).build());
                stores.add(store);
                store.put(key(0), value(i, 0));
                store.put(key(1), value(i, 1));
                store.commit(new byte[] {1});
            }
            int[] written = new int[count];
            for (int round = 0; round < 4 * count; round++) {
                int chosen = random.nextInt(count);
                Store store = stores.get(chosen);
                written[chosen]++;
                store.put(key(2 + written[chosen]), value(chosen, 2 + written[chosen]));
                store.put(key(1), value(chosen, 100 + written[chosen]));
                store.commit(new byte[] {2});
                int other = random.nextInt(count);
                assertThat(stores.get(other).get(key(0))).isEqualTo(value(other, 0));
                if (round % 100 == 0) {
                    most = Math.max(most, openFiles() - filesBefore);
                    assertThat(threads()).isLessThanOrEqualTo(THREADS + 1);
                }
            }
            for (int i = 0; i < count; i += 40) {
                try (Checkpoint checkpoint = stores.get(i).checkpoint(new byte[0])) {
                    checkpoint.completion().join();
                    RestoreSource source = new RestoreSource(files(i), checkpoint.metadata(), KeyRange.all());
                    try (Store restored = environment.restore(
                            files(count + i), StoreOptions.defaults(), List.of(source), new byte[0])) {
                        check(restored, i, written[i]);
                    }
                }
            }
            for (int i = 0; i < count; i++) {
                check(stores.get(i), i, written[i]);
            }
            EnvironmentStatistics statistics = environment.statistics();
            assertThat(statistics.openStores()).isEqualTo(count);
            assertThat(statistics.memoryPeak()).isLessThanOrEqualTo(BUDGET);
            assertThat(statistics.openFiles()).isLessThanOrEqualTo(MAX_OPEN_FILES);
            assertThat(most).isLessThanOrEqualTo((long) FILES_OF_A_STORE * count + MAX_OPEN_FILES + 50);
            for (int i = 0; i < count; i += 2) {
                stores.get(i).close();
            }
            for (int i = 0; i < count; i += 100) {
                try (Store again = environment.open(files(i), StoreOptions.defaults())) {
                    assertThat(again.committedPayload()).isEqualTo(new byte[] {(byte) (written[i] == 0 ? 1 : 2)});
                    check(again, i, written[i]);
                }
            }
            figures.add("stores", count);
            figures.add("checkpoints restored", count / 40);
            figures.add("most files open", most);
            figures.add("SSTs opened", statistics.fileOpens());
            figures.write();
        }
        assertThat(openFiles() - filesBefore).isLessThan(50);
        assertThat(threads()).isZero();
    }

    private static void check(Store store, int number, int written) {
        assertThat(store.get(key(0))).isEqualTo(value(number, 0));
        assertThat(store.get(key(1))).isEqualTo(value(number, written == 0 ? 1 : 100 + written));
        for (int i = 1; i <= written; i++) {
            assertThat(store.get(key(2 + i))).isEqualTo(value(number, 2 + i));
        }
        assertThat(store.get(key(3 + written))).isNull();
    }

    private FileStore files(int number) {
        return FileStores.local(new File(directory.toFile(), "store" + number));
    }

    private static byte[] key(int i) {
        return ByteBuffer.allocate(4).putInt(i).array();
    }

    private static byte[] value(int store, int version) {
        return ByteBuffer.allocate(200).putInt(store).putInt(version).array();
    }

    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("forebay-"))
                .count();
    }

    /** Of this process; 0 where the JVM does not say. */
    private static long openFiles() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
                ? system.getOpenFileDescriptorCount()
                : 0;
    }
}
