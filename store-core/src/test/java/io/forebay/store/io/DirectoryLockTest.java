package io.forebay.store.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.StoreLockedException;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two owners of one directory, in one process and in two. */
@Timeout(300)
class DirectoryLockTest {
    @TempDir
    Path directory;

    /** A process of its own that says whether it got the lock, and keeps it until its input ends. */
    static final class Child {
        private Child() {}

        public static void main(String[] arguments) throws Exception {
            try (AutoCloseable lock = new LocalFileStore(new File(arguments[0])).lock()) {
                System.out.println("locked " + (lock != null));
                while (System.in.read() >= 0) {
                    // until the parent closes the pipe
                }
            } catch (StoreLockedException e) {
                System.out.println("refused: " + e.getMessage());
            }
        }
    }

    private Process start() throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        return new ProcessBuilder(
                        java,
                        "-Xshare:auto",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Child.class.getName(),
                        directory.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static String firstLine(Process process) throws IOException {
        BufferedReader reader = process.inputReader();
        return reader.readLine();
    }

    @Test
    void anotherProcessIsRefusedAndNamed() throws Exception {
        Process owner = start();
        try {
            assertThat(firstLine(owner)).isEqualTo("locked true");
            assertThatThrownBy(() -> new LocalFileStore(directory.toFile()).lock())
                    .isInstanceOf(StoreLockedException.class)
                    .hasMessageContaining(directory.toString())
                    .hasMessageContaining("(" + owner.pid() + ")");
            Process second = start();
            assertThat(firstLine(second)).startsWith("refused: ").contains("(" + owner.pid() + ")");
            second.waitFor();
        } finally {
            owner.destroyForcibly().waitFor();
        }
        // The owner was killed, so the lock is free, whatever the file says.
        new LocalFileStore(directory.toFile()).lock().close();
    }

    @Test
    void anotherProcessSeesTheLockOfThisOne() throws Exception {
        try (AutoCloseable lock = new LocalFileStore(directory.toFile()).lock()) {
            assertThat(lock).isNotNull();
            Process child = start();
            assertThat(firstLine(child))
                    .startsWith("refused: ")
                    .contains("(" + ProcessHandle.current().pid() + ")");
            child.waitFor();
            assertThat(Files.readString(directory.resolve("LOCK")))
                    .isEqualTo(ProcessHandle.current().pid() + "\n");
        }
        Process child = start();
        assertThat(firstLine(child)).isEqualTo("locked true");
        child.getOutputStream().close();
        assertThat(child.waitFor()).isZero();
    }

    @Test
    void otherPathsToTheSameDirectoryAreTheSame() throws Exception {
        Path link = Files.createSymbolicLink(directory.resolveSibling(directory.getFileName() + "-link"), directory);
        try (AutoCloseable lock = new LocalFileStore(directory.toFile()).lock()) {
            assertThat(lock).isNotNull();
            assertThatThrownBy(() -> new LocalFileStore(link.toFile()).lock()).isInstanceOf(StoreLockedException.class);
            File dotted = new File(directory.toFile(), "../" + directory.getFileName());
            assertThatThrownBy(() -> new LocalFileStore(dotted).lock()).isInstanceOf(StoreLockedException.class);
        } finally {
            Files.delete(link);
        }
    }

    @Test
    void aSecondClassLoaderIsRefusedAndDoesNotTakeTheLockAway() throws Exception {
        List<URL> urls = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            urls.add(new File(entry).toURI().toURL());
        }
        try (AutoCloseable lock = new LocalFileStore(directory.toFile()).lock();
                URLClassLoader other =
                        new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader())) {
            assertThat(lock).isNotNull();
            Class<?> stores = other.loadClass(LocalFileStore.class.getName());
            assertThat(stores).isNotSameAs(LocalFileStore.class);
            Object store = stores.getConstructor(File.class).newInstance(directory.toFile());
            assertThatThrownBy(() -> stores.getMethod("lock").invoke(store))
                    .isInstanceOf(InvocationTargetException.class)
                    .cause()
                    .hasMessageContaining("in use by another store of this process");
            Process child = start();
            assertThat(firstLine(child)).startsWith("refused: ");
            child.waitFor();
        }
    }
}
