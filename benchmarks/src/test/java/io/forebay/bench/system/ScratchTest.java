package io.forebay.bench.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ScratchTest {
    @TempDir
    Path directory;

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

    @Test
    void whatIsInItGoesWithItAndWhatItPointsAtStays() throws IOException {
        Path outside = Files.createDirectories(directory.resolve("outside/below"));
        try (ScratchDirectory scratch =
                new ScratchDirectory(directory, new PrintStream(printed, true, StandardCharsets.UTF_8))) {
            assertThat(scratch.path()).isEmptyDirectory().hasParent(directory);
            Files.createDirectories(scratch.path().resolve("one/two"));
            Files.createFile(scratch.path().resolve("one/file"));
            Files.createSymbolicLink(scratch.path().resolve("link"), outside.getParent());
        }
        assertThat(directory)
                .isDirectoryNotContaining(path -> path.getFileName().toString().startsWith("forebay"));
        assertThat(outside).exists();
        assertThat(printed.toString(StandardCharsets.UTF_8)).isEmpty();
    }
}
