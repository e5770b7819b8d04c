package io.forebay.flink;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.apache.flink.runtime.operators.testutils.MockEnvironment;

/** A class of a user as one version of the job has it, with the class loader of that version. */
final class ClassVersion implements AutoCloseable {
    private final String name;
    private final URLClassLoader loader;

    /**
     * @param directory for its files, empty
     * @param body what is between the braces of the public class {@code name}
     */
    ClassVersion(Path directory, String name, String body) throws IOException {
        this.name = name;
        Path source = directory.resolve(name + ".java");
        Files.writeString(source, "public class " + name + " {" + body + "}");
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, UTF_8)) {
            boolean compiled = compiler.getTask(
                            messages,
                            files,
                            null,
                            List.of("-d", directory.toString(), "-proc:none"),
                            null,
                            files.getJavaFileObjects(source))
                    .call();
            assertThat(compiled).as(messages.toString()).isTrue();
        }
        loader = new URLClassLoader(
                new URL[] {directory.toUri().toURL()}, getClass().getClassLoader());
    }

    Class<?> load() throws ClassNotFoundException {
        return loader.loadClass(name);
    }

    /** A class within the class. */
    Class<?> load(String nested) throws ClassNotFoundException {
        return loader.loadClass(name + "$" + nested);
    }

    ClassLoader loader() {
        return loader;
    }

    /** A task slot of the job of this version. */
    BackendHarness slot() {
        return new BackendHarness(MockEnvironment.builder()
                .setManagedMemorySize(128 << 20)
                .setUserCodeClassLoader(loader)
                .build());
    }

    @Override
    public void close() throws IOException {
        loader.close();
    }
}
