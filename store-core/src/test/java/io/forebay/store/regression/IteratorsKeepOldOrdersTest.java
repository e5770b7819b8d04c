package io.forebay.store.regression;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.testing.ChildJvm;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Each iterator that was left open kept the order of a memtable on the heap as it was when it was opened, and one order was
 * counted: 150 MiB, of which 4 MiB were counted.
 */
@Timeout(600)
class IteratorsKeepOldOrdersTest {
    @Test
    void aSmallHeapIsEnough() throws Exception {
        List<String> options = List.of(
                "-Xmx64m",
                "-XX:MaxDirectMemorySize=128m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:+ExitOnOutOfMemoryError");
        try (ChildJvm child = ChildJvm.start(options, IteratorsKeepOldOrdersChild.class)) {
            assertThat(child.readLine()).isEqualTo("done");
        }
    }
}
