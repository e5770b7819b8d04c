package io.forebay.store.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.testing.ChildJvm;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the JVM gives is less than the budget, or just as much, or less than it seemed. */
@Timeout(600)
class DirectMemoryTest {
    @Test
    void aBudgetAboveTheDefaultLimitIsRefusedAtOnce() throws Exception {
        assertThat(run(List.of("-Xmx64m"), 256, 0, 1))
                .startsWith("refused: The memory budget is 268435456 bytes")
                .contains("-XX:MaxDirectMemorySize is not set")
                .contains("-XX:MaxDirectMemorySize=342m");
    }

    @Test
    void aBudgetAboveTheGivenLimitIsRefusedAtOnce() throws Exception {
        assertThat(run(List.of("-Xmx256m", "-XX:MaxDirectMemorySize=31m"), 32, 0, 1))
                .startsWith("refused: The memory budget is 33554432 bytes")
                .contains(" 32505856 bytes")
                .contains("-XX:MaxDirectMemorySize=43m");
    }

    @Test
    void aBudgetThatIsTheLimitCanBeFilled() throws Exception {
        assertThat(run(List.of("-Xmx256m", "-XX:MaxDirectMemorySize=32m"), 32, 0, 60_000))
                .isEqualTo("done, others have 0 MiB, peak 31 MiB");
    }

    @Test
    void whatOthersTakeLaterFailsNoReadAndNoWrite() throws Exception {
        assertThat(run(List.of("-Xmx256m", "-XX:MaxDirectMemorySize=64m"), 64, 48, 60_000))
                .startsWith("done, others have 48 MiB, peak ");
    }

    /** A region has 4 MiB. */
    @Test
    void lessThanARegionIsEnoughToGoOn() throws Exception {
        assertThat(run(List.of("-Xmx256m", "-XX:MaxDirectMemorySize=64m"), 64, 61, 20_000))
                .startsWith("done, others have 61 MiB, peak ");
    }

    private static String run(List<String> options, int budget, int others, int rows) throws Exception {
        List<String> all = new ArrayList<>(options);
        all.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
        String last = null;
        try (ChildJvm child = ChildJvm.start(all, DirectMemoryChild.class, "" + budget, "" + others, "" + rows)) {
            for (String line; (line = child.readLine()) != null; ) {
                last = line;
            }
        }
        return last;
    }
}
