package io.forebay.store.compaction;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The cases under src/test/resources/compaction, one file for each behaviour; {@link PickerCases} describes their form.
 * {@code -Dforebay.rewrite=true} (in the directory store-core) writes the present answers into the files; the diff is the review.
 */
class CompactionPickerTest {
    private static final String MARK = "----";

    @ParameterizedTest
    @ValueSource(strings = {"down", "tiers", "drop", "upkeep", "full"})
    void answersAsWritten(String name) {
        String text = read(name);
        String answered = answer(text);
        if (Boolean.getBoolean("forebay.rewrite")) {
            write(name, answered);
        } else {
            assertThat(answered).isEqualTo(text);
        }
    }

    /** The file with the answers filled in. */
    private static String answer(String text) {
        StringBuilder out = new StringBuilder();
        List<String> input = new ArrayList<>();
        boolean inAnswer = false;
        for (String line : text.lines().toList()) {
            if (inAnswer && !line.isBlank()) {
                continue;
            }
            inAnswer = false;
            out.append(line).append('\n');
            if (line.equals(MARK)) {
                try {
                    out.append(PickerCases.answer(input));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                input.clear();
                inAnswer = true;
            } else if (!line.isBlank() && !line.startsWith("#")) {
                input.add(line);
            }
        }
        assertThat(input).as("a case without %s", MARK).isEmpty();
        return out.toString();
    }

    private static String read(String name) {
        try (InputStream in = CompactionPickerTest.class.getResourceAsStream("/compaction/" + name + ".txt")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(String name, String text) {
        try {
            Files.writeString(Path.of("src/test/resources/compaction", name + ".txt"), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
