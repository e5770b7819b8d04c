package io.forebay.store.harness.scale;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.testing.ChildJvm;
import io.forebay.store.testing.Effort;
import io.forebay.store.testing.Figures;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The memory of a whole process, as the operating system counts it, while everything that takes memory goes on: what is the
 * process's alone stays within heap, budget and what a JVM takes for itself; pages of mapped files, which the kernel takes
 * back when it needs memory, stay within those of the JVM and the files of the stores; neither grows. A few seconds, or ten
 * minutes in the long profile ({@code -Dforebay.memorySeconds=N} overrules both).
 */
@EnabledOnOs(OS.LINUX)
class ResidentMemoryTest {
    private static final long MIB = 1 << 20;
    private static final long BUDGET = 64 * MIB;
    private static final long HEAP = 64 * MIB;
    /** Code and its profiles, classes, stacks, the collector. */
    private static final long OWN_OF_JVM = 128 * MIB;

    private static final long MOST_GROWTH = 24 * MIB;
    /** Mapped files come and go with merges: as much as two of the largest. */
    private static final long MOST_FILE_GROWTH = 64 * MIB;

    @TempDir
    Path directory;

    @Test
    void residentSizeStaysWithinHeapAndBudget() throws Exception {
        long seconds = Effort.of("memorySeconds", 6, 600);
        long seed = Long.getLong("forebay.seed", ThreadLocalRandom.current().nextLong(1L << 48));
        List<Long> anonymous = new ArrayList<>();
        List<Long> fileBacked = new ArrayList<>();
        String last = null;
        try (ChildJvm child = ChildJvm.start(
                List.of(
                        "-Xmx" + HEAP / MIB + "m",
                        "-XX:MaxDirectMemorySize=" + BUDGET,
                        "-XX:+UseSerialGC",
                        "-XX:MaxMetaspaceSize=48m"),
                MemoryChild.class,
                directory.toString(),
                Long.toString(BUDGET),
                Long.toString(seconds),
                Long.toString(seed))) {
            for (String line = child.readLine(); line != null && !line.startsWith("rows"); line = child.readLine()) {
                String[] numbers = line.split(" ");
                anonymous.add(Long.parseLong(numbers[0]));
                fileBacked.add(Long.parseLong(numbers[1]));
                assertThat(Long.parseLong(numbers[2]))
                        .as("used, -Dforebay.seed=%d", seed)
                        .isLessThanOrEqualTo(BUDGET);
                assertThat(Long.parseLong(numbers[3]))
                        .as("peak, -Dforebay.seed=%d", seed)
                        .isLessThanOrEqualTo(BUDGET);
                last = line;
            }
        }
        assertThat(anonymous).as("samples, -Dforebay.seed=%d", seed).hasSizeGreaterThan(3);
        long most = most(anonymous, 0, anonymous.size());
        Figures figures = new Figures(getClass());
        figures.add("seconds", seconds);
        figures.add("samples", anonymous.size());
        figures.add("anonymousMebibytes", most / MIB);
        figures.add("fileBackedMebibytes", most(fileBacked, 0, fileBacked.size()) / MIB);
        figures.add("peakOfBudgetMebibytes", Long.parseLong(last.split(" ")[3]) / MIB);
        if (Effort.isLong()) {
            figures.add("anonymousGrowthKibibytes", growth(anonymous) / 1024);
            figures.add("fileBackedGrowthKibibytes", growth(fileBacked) / 1024);
        }
        figures.write();
        assertThat(most).as("anonymous, -Dforebay.seed=%d", seed).isLessThan(HEAP + BUDGET + OWN_OF_JVM);
        if (Effort.isLong()) {
            assertThat(growth(anonymous))
                    .as("growth of anonymous memory, -Dforebay.seed=%d", seed)
                    .isLessThan(MOST_GROWTH);
            assertThat(growth(fileBacked))
                    .as("growth of file-backed memory, -Dforebay.seed=%d", seed)
                    .isLessThan(MOST_FILE_GROWTH);
        }
    }

    /** From the most of the second quarter to the most of the last one. */
    private static long growth(List<Long> samples) {
        int quarter = samples.size() / 4;
        return most(samples, 3 * quarter, samples.size()) - most(samples, quarter, 2 * quarter);
    }

    private static long most(List<Long> values, int from, int to) {
        return values.subList(from, to).stream()
                .mapToLong(Long::longValue)
                .max()
                .orElseThrow();
    }
}
