package io.forebay.store.project;

import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Where tests lie: {@code docs/testing.md} says which folder is for which question. */
class TestFoldersTest {
    private static final Path TESTS = Path.of("src/test/java/io/forebay/store");
    private static final List<Path> REGRESSIONS =
            List.of(TESTS.resolve("regression"), Path.of("../kafka-adapter/src/test/java/io/forebay/kafka/regression"));
    private static final Path BUGS = Path.of("../docs/testing.md");

    /** Only the package of the public API reaches what this class opens to tests. */
    private static final Set<String> IN_THE_ROOT = Set.of("TestLimits");

    private static final Pattern IMPORT = Pattern.compile("import (?:static )?io\\.forebay\\.store\\.([a-z]+)\\..*;");

    @Test
    void noTestIsInTheRoot() throws IOException {
        assertThat(names(TESTS)).containsExactlyElementsOf(IN_THE_ROOT);
    }

    @Test
    void everyFolderIsAPackageOfTheEngineOrHasAMeaning() throws IOException {
        assertThat(folders())
                .allMatch(folder -> folder.isEmpty()
                        || ArchitectureTest.LAYERS.contains(folder)
                        || folder.matches("api|regression|project|harness(\\.[a-z]+)?|testing(\\.[a-z]+)?"));
    }

    @Test
    void everyHarnessSaysWhatItIsAndIsRun() throws IOException {
        List<String> harnesses = folders().stream()
                .filter(folder -> folder.startsWith("harness."))
                .toList();
        assertThat(harnesses)
                .hasSizeGreaterThan(5)
                .allSatisfy(harness -> assertThat(names(folder(harness)))
                        .contains("package-info")
                        .anyMatch(name -> name.endsWith("Test")));
    }

    /** A test can be read and moved alone; what several of them need belongs to the kit, which needs none of them. */
    @Test
    void testsStandAlone() throws IOException {
        List<String> found = new ArrayList<>();
        for (String folder : folders()) {
            String own = folder.replaceFirst("\\..*", "");
            for (Path file : files(folder(folder))) {
                Matcher imports = IMPORT.matcher(Files.readString(file));
                while (imports.find()) {
                    String other = imports.group(1);
                    boolean tests =
                            Set.of("api", "regression", "project", "harness").contains(other);
                    if (tests && !other.equals(own)) {
                        found.add(file + ": " + imports.group());
                    }
                }
            }
        }
        assertThat(found).isEmpty();
    }

    @Test
    void everyRegressionSaysWhatUsersSawAndHowItWasFound() throws IOException {
        String text = Files.readString(BUGS).replace("\r", "");
        String bugs = text.substring(text.indexOf("\n## Bugs found on the way\n"), text.indexOf("\n## The test kit\n"));
        List<Path> files = new ArrayList<>();
        for (Path regressions : REGRESSIONS) {
            files.addAll(files(regressions));
        }
        assertThat(files).hasSizeGreaterThan(20);
        for (Path file : files) {
            String name = name(file);
            if (name.endsWith("Test")) {
                assertThat(bugs).as("the table of bugs").containsPattern("`" + name + "[`.]");
                assertThat(Files.readString(file))
                        .as(name)
                        .containsPattern("\\*/\\R(@.*\\R)*(final )?class " + name + " ");
            }
        }
    }

    /** Of packages below the root that have files: {@code db.state}, and an empty name for the root. */
    private static Set<String> folders() throws IOException {
        try (Stream<Path> files = Files.walk(TESTS)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .map(file -> TESTS.relativize(file.getParent()).toString())
                    .map(folder -> folder.replace(TESTS.getFileSystem().getSeparator(), "."))
                    .collect(toCollection(TreeSet::new));
        }
    }

    private static Path folder(String name) {
        return TESTS.resolve(name.replace('.', '/'));
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .sorted()
                    .toList();
        }
    }

    private static List<String> names(Path folder) throws IOException {
        return files(folder).stream().map(TestFoldersTest::name).toList();
    }

    private static String name(Path file) {
        return file.getFileName().toString().replace(".java", "");
    }
}
