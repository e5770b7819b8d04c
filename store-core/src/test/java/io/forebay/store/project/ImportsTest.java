package io.forebay.store.project;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The order of {@link ArchitectureTest#LAYERS} in the sources. The compiler copies constants and drops what only Javadoc names, so
 * class files do not show every arrow; imports do. Tests of a package are bound by the order as well: they use their own layer, those
 * below it, the public API and the test kit.
 */
class ImportsTest {
    private static final Path MAIN = Path.of("src/main/java/io/forebay/store");
    private static final Path TESTS = Path.of("src/test/java/io/forebay/store");
    private static final Pattern IMPORT = Pattern.compile("import (?:static )?io\\.forebay\\.store\\.([\\w.]+);");

    @Test
    void importsPointDown() throws IOException {
        assertThat(violations(MAIN)).isEmpty();
    }

    @Test
    void importsOfTestsPointDown() throws IOException {
        assertThat(violations(TESTS)).isEmpty();
    }

    @Test
    void onlyTheTopNamesWhereUsersStart() throws IOException {
        List<String> found = new ArrayList<>();
        for (Path file : sources(MAIN)) {
            String layer = layer(MAIN, file);
            for (String imported : imports(file)) {
                if (ArchitectureTest.ENTRY_POINTS.contains("io.forebay.store." + imported)
                        && !layer.isEmpty()
                        && !layer.equals("tools")) {
                    found.add(file + " imports " + imported);
                }
            }
        }
        assertThat(found).isEmpty();
    }

    private static List<String> violations(Path root) throws IOException {
        List<String> found = new ArrayList<>();
        List<Path> files = sources(root);
        assertThat(files).hasSizeGreaterThan(50);
        for (Path file : files) {
            int own = ArchitectureTest.LAYERS.indexOf(layer(root, file));
            if (own < 0) {
                continue; // the public API, and the test kit; packages of the engine have a place: see ArchitectureTest
            }
            for (String imported : imports(file)) {
                int other = ArchitectureTest.LAYERS.indexOf(packageOf(imported));
                if (other >= 0 && other < own) {
                    found.add(file + " imports " + imported);
                }
            }
        }
        return found;
    }

    private static List<Path> sources(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> file.toString().endsWith(".java")).toList();
        }
    }

    private static List<String> imports(Path file) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.map(IMPORT::matcher)
                    .filter(Matcher::matches)
                    .map(match -> match.group(1))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@code db.state} of {@code src/main/java/io/forebay/store/db/state/X.java}. */
    private static String layer(Path root, Path file) {
        return root.relativize(file.getParent())
                .toString()
                .replace(file.getFileSystem().getSeparator(), ".");
    }

    /** {@code db.state} of {@code db.state.X.Y}; the names of classes begin with a capital letter. */
    private static String packageOf(String imported) {
        StringBuilder name = new StringBuilder();
        for (String part : imported.split("\\.")) {
            if (!part.substring(0, 1).equals(part.substring(0, 1).toLowerCase(Locale.ROOT))) {
                break;
            }
            name.append(name.isEmpty() ? "" : ".").append(part);
        }
        return name.toString();
    }
}
