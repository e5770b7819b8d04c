package io.forebay.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.testing.ChildJvm;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Values and blocks that are larger than a slab lie on the Java heap, and leave enough of it to others. */
@Timeout(600)
class LargeValuesTest {
    private static final int ROWS = 1_600;
    private static final int VALUE_BYTES = 100_000;

    @TempDir
    Path directory;

    @Test
    void theHeapIsNotFilledByThem() throws Exception {
        List<String> options = List.of(
                "-Xmx128m",
                "-XX:+ExitOnOutOfMemoryError",
                "-XX:MaxDirectMemorySize=256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1");
        String last = null;
        try (ChildJvm child = ChildJvm.start(
                options, LargeValuesChild.class, directory.toString(), "128", "" + VALUE_BYTES, "" + ROWS)) {
            for (String line; (line = child.readLine()) != null; ) {
                last = line;
            }
        }
        assertThat(last).isEqualTo("done, others have 16 MiB of heap");
    }
}
