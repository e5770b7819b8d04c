package io.forebay.store.project;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What README tells a newcomer to type: the program compiles and runs, and the coordinates are those of the build. */
class ReadmeTest {
    private static final Pattern PROGRAM = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
    private static final Pattern COORDINATES =
            Pattern.compile("<groupId>([\\w.]+)</groupId>\\s*<artifactId>([\\w.-]+)</artifactId>\\s*<version>([^<]+)<");

    @TempDir
    Path directory;

    @Test
    void theProgramRunsTwice() throws Exception {
        Matcher program = PROGRAM.matcher(readme());
        assertThat(program.find()).isTrue();
        Path source = directory.resolve("Counter.java");
        Files.writeString(source, program.group(1));
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        Path classes = Files.createDirectory(directory.resolve("classes"));
        boolean compiled = compiler.getTask(
                        messages,
                        null,
                        null,
                        List.of("-cp", classPath(), "-d", classes.toString(), "-Werror"),
                        null,
                        compiler.getStandardFileManager(null, null, UTF_8).getJavaFileObjects(source.toFile()))
                .call();
        assertThat(compiled).as(messages.toString()).isTrue();

        assertThat(run(classes)).endsWith("1");
        assertThat(run(classes)).endsWith("2");
    }

    @Test
    void theCoordinatesAreThoseOfTheBuild() throws Exception {
        String pom = Files.readString(root().resolve("pom.xml"));
        Matcher parent = COORDINATES.matcher(pom);
        assertThat(parent.find()).isTrue();
        Set<String> modules = new TreeSet<>();
        Matcher told = COORDINATES.matcher(readme());
        while (told.find()) {
            assertThat(told.group(1)).isEqualTo(parent.group(1));
            assertThat(told.group(3)).isEqualTo(parent.group(3));
            modules.add(told.group(2));
        }
        assertThat(modules)
                .containsExactlyInAnyOrder(
                        "forebay-bom", "forebay-store-core", "forebay-kafka-adapter", "forebay-flink-adapter");
        Matcher library = Pattern.compile("`([\\w.]+):([\\w-]+):([\\d.]+)`").matcher(readme());
        int libraries = 0;
        while (library.find()) {
            assertThat(pom)
                    .contains("<groupId>" + library.group(1) + "</groupId><artifactId>" + library.group(2)
                            + "</artifactId><version>" + library.group(3) + "</version>");
            libraries++;
        }
        assertThat(libraries).isEqualTo(2);
    }

    private String run(Path classes) throws Exception {
        File output = directory.resolve("output").toFile();
        Process process = new ProcessBuilder(
                        new File(System.getProperty("java.home"), "bin/java").getPath(),
                        "-Xmx512m",
                        "-cp",
                        classes + File.pathSeparator + classPath(),
                        "Counter")
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output)
                .start();
        try {
            assertThat(process.waitFor(5, TimeUnit.MINUTES)).as("it ends").isTrue();
        } finally {
            process.destroyForcibly();
        }
        String text = Files.readString(output.toPath()).strip();
        assertThat(process.exitValue()).as(text).isZero();
        return text;
    }

    private static String classPath() {
        return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    }

    private static String readme() throws Exception {
        return Files.readString(root().resolve("README.md"));
    }

    /** Tests run in the folder of their module. */
    private static Path root() {
        return Path.of("").toAbsolutePath().getParent();
    }
}
