package io.forebay.store.harness.metamorphic;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Says how a history failed, and how to see it again. */
final class FailureReport {
    private FailureReport() {}

    /** Writes the history to {@code target/histories/<name>.txt} and returns what to print. */
    static String of(String name, Runner.Failure failure) {
        Path file = Path.of("target", "histories", name + ".txt");
        String text = failure.history().toString();
        try {
            Files.createDirectories(file.getParent());
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return failure + "\nReplay with\n  mvn -pl store-core test -Dtest=MetamorphicTest -Dforebay.history=" + file
                + "\nof this history (or give another file, relative to store-core):\n\n" + text;
    }
}
