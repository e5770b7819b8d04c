package io.forebay.bench.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.bench.scenarios.Contender;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HomeTest {
    @TempDir
    File directory;

    @Test
    void aContenderHasItsOwnJarsInTheOrderOfItsFolders() throws IOException {
        Contender contender = new Contender("one", "One", "second", "first");
        File engines = new File(directory, "engines");
        Home home = new Home(List.of("classes"), engines);
        assertThat(home.missing(contender)).containsExactly("second", "first");

        for (String jar : List.of("first/a.jar", "second/c.jar", "second/b.jar", "second/read.me")) {
            File file = new File(engines, jar);
            Files.createDirectories(file.getParentFile().toPath());
            Files.createFile(file.toPath());
        }
        assertThat(home.missing(contender)).isEmpty();
        assertThat(home.missing(new Contender("two", "Two"))).isEmpty();
        assertThat(home.classPath(contender).split(File.pathSeparator))
                .containsExactly("classes", path(engines, "second/*"), path(engines, "first/*"));
        assertThat(home.expandedClassPath(contender).split(File.pathSeparator))
                .containsExactly(
                        "classes",
                        path(engines, "second/b.jar"),
                        path(engines, "second/c.jar"),
                        path(engines, "first/a.jar"));
        assertThat(home.jars(contender)).contains("a.jar", "b.jar", "c.jar");
    }

    private static String path(File folder, String name) {
        return new File(folder, name).getPath();
    }
}
