package io.forebay.store.testing.datadriven;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/**
 * Cases in text files under {@code src/test/resources/datadriven}: lines of input, a line of dashes, the expected answer up to
 * a blank line.
 *
 * <pre>
 * # A comment says what the case is about.
 * input
 * input
 * ----
 * answer
 * answer
 *
 * </pre>
 *
 * {@code -Dforebay.rewrite=true} (in the directory of the module) writes the present answers into the files; the diff is the
 * review. Comments and the layout stay as they are.
 */
public final class DataDriven {
    private static final String MARK = "----";

    /** Answers one case. */
    public interface Handler {
        /**
         * @param input without comments and blank lines; never empty
         * @return lines without blank ones among them
         */
        String answer(List<String> input) throws Exception;
    }

    private DataDriven() {}

    /** A test for each of the files {@code directory/name.txt}. */
    public static Stream<DynamicTest> files(String directory, List<String> names, Handler handler) {
        return names.stream().map(name -> DynamicTest.dynamicTest(name, () -> check(directory + "/" + name, handler)));
    }

    /** Compares the answers of one file, or rewrites it. */
    public static void check(String name, Handler handler) throws Exception {
        Path source = Path.of("src/test/resources/datadriven", name + ".txt");
        boolean rewrite = Boolean.getBoolean("forebay.rewrite");
        String text = rewrite ? Files.readString(source) : read("/datadriven/" + name + ".txt");
        String answered = answer(text, handler);
        if (rewrite) {
            Files.writeString(source, answered);
        } else {
            assertThat(answered)
                    .as("datadriven/%s.txt; -Dforebay.rewrite=true rewrites it", name)
                    .isEqualTo(text);
        }
    }

    private static String answer(String text, Handler handler) throws Exception {
        StringBuilder out = new StringBuilder();
        List<String> input = new ArrayList<>();
        boolean inAnswer = false;
        int number = 0;
        for (String line : text.lines().toList()) {
            number++;
            if (inAnswer && !line.isBlank()) {
                continue;
            }
            inAnswer = false;
            out.append(line).append('\n');
            if (line.equals(MARK)) {
                assertThat(input).as("a case before line %d", number).isNotEmpty();
                out.append(answer(input, handler, number));
                input.clear();
                inAnswer = true;
            } else if (!line.isBlank() && !line.startsWith("#")) {
                input.add(line);
            }
        }
        assertThat(input).as("a case without %s", MARK).isEmpty();
        return out.toString();
    }

    private static String answer(List<String> input, Handler handler, int line) throws Exception {
        String answer;
        try {
            answer = handler.answer(List.copyOf(input));
        } catch (RuntimeException | Error e) {
            throw new AssertionError("The case that ends at line " + line + " failed: " + e, e);
        }
        assertThat(answer.lines())
                .as("an answer before line %d", line)
                .isNotEmpty()
                .noneMatch(String::isBlank);
        return answer.endsWith("\n") ? answer : answer + "\n";
    }

    private static String read(String resource) {
        try (InputStream in = DataDriven.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new AssertionError("There is no " + resource);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
