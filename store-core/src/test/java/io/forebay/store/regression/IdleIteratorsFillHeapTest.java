package io.forebay.store.regression;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.testing.ChildJvm;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Iterators that were left open kept on the heap what the budget does not count: the range deletes of memtables that had been
 * taken away, the longest value that they had passed backwards, and the values they stayed on, each its own.
 */
@Timeout(600)
class IdleIteratorsFillHeapTest {
    @ParameterizedTest
    @EnumSource
    void aSmallHeapIsEnough(IdleIteratorsFillHeapChild.Work work) throws Exception {
        List<String> options = List.of(
                "-Xmx64m",
                "-XX:MaxDirectMemorySize=128m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:+ExitOnOutOfMemoryError");
        try (ChildJvm child = ChildJvm.start(options, IdleIteratorsFillHeapChild.class, work.name())) {
            assertThat(child.readLine()).isEqualTo("done");
        }
    }
}
