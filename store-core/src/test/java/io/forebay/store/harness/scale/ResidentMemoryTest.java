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
 * The memory of a whole process, as the operating system counts it, while everything that takes memory goes on: it stays
 * within heap, budget and what a JVM takes for itself, and does not grow. A few seconds, or ten minutes in the long profile
 * ({@code -Dforebay.memorySeconds=N} overrules both).
 */
@EnabledOnOs(OS.LINUX)
class ResidentMemoryTest {
    private static final long MIB = 1 << 20;
    private static final long BUDGET = 64 * MIB;
    private static final long HEAP = 64 * MIB;
    /** Code and its profiles, classes, stacks, the collector. */
    private static final long OWN_OF_JVM = 128 * MIB;

    private static final long MOST_GROWTH = 24 * MIB;

    @TempDir
    Path directory;

    @Test
    void residentSizeStaysWithinHeapAndBudget() throws Exception {
        long seconds = Effort.of("memorySeconds", 6, 600);
        long seed = Long.getLong("forebay.seed", ThreadLocalRandom.current().nextLong(1L << 48));
        List<Long> resident = new ArrayList<>();
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
                resident.add(Long.parseLong(numbers[0]));
                assertThat(Long.parseLong(numbers[1]))
                        .as("used, -Dforebay.seed=%d", seed)
                        .isLessThanOrEqualTo(BUDGET);
                assertThat(Long.parseLong(numbers[2]))
                        .as("peak, -Dforebay.seed=%d", seed)
                        .isLessThanOrEqualTo(BUDGET);
                last = line;
            }
        }
        assertThat(resident).as("samples, -Dforebay.seed=%d", seed).hasSizeGreaterThan(3);
        long most = most(resident, 0, resident.size());
        Figures figures = new Figures(getClass());
        figures.add("seconds", seconds);
        figures.add("samples", resident.size());
        figures.add("residentMebibytes", most / MIB);
        figures.add("peakOfBudgetMebibytes", Long.parseLong(last.split(" ")[2]) / MIB);
        figures.write();
        assertThat(most).as("resident, -Dforebay.seed=%d", seed).isLessThan(HEAP + BUDGET + OWN_OF_JVM);
        if (Effort.isLong()) {
            int quarter = resident.size() / 4;
            long early = most(resident, quarter, 2 * quarter);
            long late = most(resident, 3 * quarter, resident.size());
            assertThat(late - early).as("growth, -Dforebay.seed=%d", seed).isLessThan(MOST_GROWTH);
        }
    }

    private static long most(List<Long> values, int from, int to) {
        return values.subList(from, to).stream()
                .mapToLong(Long::longValue)
                .max()
                .orElseThrow();
    }
}
