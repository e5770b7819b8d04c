package io.forebay.bench.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.bench.scenarios.Contender;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLClassLoader;
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

        // As a download that was interrupted leaves it.
        assertThat(new File(engines, "second").mkdirs()).isTrue();
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
        assertThat(home.jars(contender)).containsExactly("a.jar", "b.jar", "c.jar");
    }

    @Test
    void aBuildMayLieInAFolderWithASpaceInItsName() throws Exception {
        String name = Contender.class.getName();
        File classes = new File(directory, "my builds/100%/target/classes");
        File copy = new File(classes, name.replace('.', '/') + ".class");
        Files.createDirectories(copy.getParentFile().toPath());
        try (InputStream original = Contender.class.getResourceAsStream("Contender.class")) {
            Files.copy(original, copy.toPath());
        }
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {classes.toURI().toURL()}, ClassLoader.getPlatformClassLoader())) {
            Home home = Home.of(loader.loadClass(name));
            File target = classes.getParentFile();
            assertThat(home.common()).containsExactly(classes.getPath(), path(target, "lib/*"));
            assertThat(home.engines()).isEqualTo(new File(target, "engines"));
        }
    }

    private static String path(File folder, String name) {
        return new File(folder, name).getPath();
    }
}
