package io.forebay.store.regression;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.ChildJvm;
import java.io.File;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Memory for values above 64 KiB, in memtables above 16 KiB, was Java heap and not direct memory: the block cache
 * filled the heap, and the application died of {@code OutOfMemoryError}.
 */
@Timeout(600)
class LargeValuesOnHeapTest {
    private static final List<String> UNASKED =
            List.of("-Xmx160m", "-XX:MaxDirectMemorySize=41m", "-XX:+DisableExplicitGC");

    @TempDir
    File directory;

    /** The budget alone is more than the heap, and what is written is twice the budget. */
    @Test
    void theHeapMayBeSmallerThanTheBudget() throws Exception {
        assertThat(run(List.of("-Xmx40m", "-XX:MaxDirectMemorySize=72m"), 64, 130_000_000, 16, 100_000, 70_000))
                .isEqualTo("done, the application has 16 MiB");
    }

    /** So do values of more than a quarter of a slab in memtables. */
    @Test
    void soDoMemtablesOfValuesThatFillNoSlab() throws Exception {
        assertThat(run(List.of("-Xmx24m", "-XX:MaxDirectMemorySize=72m"), 64, 60_000_000, 8, 20_000, 40_000))
                .isEqualTo("done, the application has 8 MiB");
    }

    /** What is given back in one length is asked for in others, in memory that the JVM gives no more of. */
    @Test
    void valuesOfManySizesInTurnStayWithinTheBudget() throws Exception {
        int[] sizes = {100_000, 1_000, 1_000_000, 20_000_000, 100_000, 1_000, 20_000_000, 3_000_000, 50_000};
        assertThat(run(List.of("-Xmx160m", "-XX:MaxDirectMemorySize=41m"), 40, 60_000_000, 16, sizes))
                .isEqualTo("done, the application has 16 MiB");
    }

    /** The collector, which frees what is given up, is not to be asked: what fits a region does without. */
    @Test
    void aJvmThatCollectsOnlyWhenItWantsToServesWhatFitsARegion() throws Exception {
        assertThat(run(UNASKED, 40, 45_000_000, 16, 100_000, 1_000, 3_000_000, 100_000))
                .isEqualTo("done, the application has 16 MiB");
    }

    @Test
    void whatFitsNoneItRefusesByName() throws Exception {
        assertThat(run(UNASKED, 40, 45_000_000, 16, 100_000, 1_000, 20_000_000))
                .startsWith("refused: No memory for an entry with a key of 4 and a value of 20000000 bytes")
                .contains("-XX:+DisableExplicitGC");
    }

    /** Though somebody still has the environment. */
    @Test
    void aClosedEnvironmentKeepsNoMemory() {
        Environment environment = Environment.builder().memoryBytes(16 << 20).build();
        long used;
        long before;
        try (environment) {
            Store store = environment.open(FileStores.inMemory(), StoreOptions.defaults());
            for (int i = 0; i < 40; i++) {
                store.put(new byte[] {(byte) i}, new byte[i * 10_000]);
            }
            store.flush();
            for (int i = 0; i < 40; i++) {
                assertThat(store.get(new byte[] {(byte) i})).hasSize(i * 10_000);
            }
            used = environment.statistics().cacheBytes();
            assertThat(used).isGreaterThan(4 << 20);
            before = afterCollections(0, 5);
        }
        assertThat(afterCollections(before - used, 50)).isLessThanOrEqualTo(before - used);
        Reference.reachabilityFence(environment);
    }

    /** Bytes of direct memory after so many collections, or as soon as they are no more than {@code wanted}. */
    private static long afterCollections(long wanted, int collections) {
        long left = Long.MAX_VALUE;
        for (int i = 0; i < collections && left > wanted; i++) {
            System.gc();
            left = direct();
        }
        return left;
    }

    private static long direct() {
        for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
            if (pool.getName().equals("direct")) {
                return pool.getMemoryUsed();
            }
        }
        throw new AssertionError("This JVM does not say");
    }

    private String run(List<String> options, int budget, int bytesOfEach, int application, int... sizes)
            throws Exception {
        List<String> all = new ArrayList<>(options);
        all.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError"));
        List<String> arguments =
                new ArrayList<>(List.of(directory.getPath(), "" + budget, "" + bytesOfEach, "" + application));
        for (int size : sizes) {
            arguments.add("" + size);
        }
        String last = null;
        try (ChildJvm child = ChildJvm.start(all, LargeValuesOnHeapChild.class, arguments.toArray(String[]::new))) {
            for (String line; (line = child.readLine()) != null; ) {
                last = line;
            }
        }
        return last;
    }
}
