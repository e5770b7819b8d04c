package io.forebay.store.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a run of a test tried, as numbers: {@code target/figures/<test>.txt}, a line for each, in the form {@code name
 * value}. docs/testing.md quotes them.
 */
public final class Figures {
    private final Path file;
    private final Map<String, Long> values = new TreeMap<>();

    public Figures(Class<?> test) {
        this(test.getSimpleName());
    }

    /** @param name of the file, without its ending */
    public Figures(String name) {
        file = Path.of("target", "figures", name + ".txt");
    }

    /** Adds to the figure {@code name}; it starts at zero in every run. Any thread. */
    public synchronized void add(String name, long count) {
        values.merge(name, count, Long::sum);
    }

    /** Writes what was added so far; call it at the end of the test, also of one that fails. */
    public synchronized void write() {
        StringBuilder text = new StringBuilder();
        values.forEach(
                (name, value) -> text.append(name).append(' ').append(value).append('\n'));
        try {
            Files.createDirectories(file.getParent());
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
