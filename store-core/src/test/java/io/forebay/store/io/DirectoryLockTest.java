package io.forebay.store.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.StoreLockedException;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
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
        return start(directory);
    }

    private static Process start(Path directory) throws IOException {
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
    void nothingButARegularFileIsLocked() throws Exception {
        Path victim = directory.resolve("victim.txt");
        Path store = directory.resolve("store");
        Files.createDirectory(store);
        Files.writeString(victim, "precious");
        Files.createSymbolicLink(store.resolve("LOCK"), victim);
        assertThatThrownBy(() -> new LocalFileStore(store.toFile()).lock())
                .isInstanceOf(IOException.class)
                .hasMessageContaining(store.resolve("LOCK").toString())
                .hasMessageContaining("symbolic link");
        assertThat(Files.readString(victim)).isEqualTo("precious");
        Files.delete(victim); // now it leads nowhere
        assertThatThrownBy(() -> new LocalFileStore(store.toFile()).lock())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("symbolic link");
        assertThat(victim).doesNotExist();
        Files.delete(store.resolve("LOCK"));
        Files.createDirectory(store.resolve("LOCK"));
        assertThatThrownBy(() -> new LocalFileStore(store.toFile()).lock())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is a directory");
    }

    @Test
    void contentThatNoOwnerWroteStays() throws Exception {
        Path lock = directory.resolve("LOCK");
        for (String content : List.of("a letter to somebody", "12345678901234567890123")) {
            Files.writeString(lock, content);
            try (AutoCloseable held = new LocalFileStore(directory.toFile()).lock()) {
                assertThat(held).isNotNull();
                Process child = start();
                assertThat(firstLine(child)).startsWith("refused: ").contains("(unknown)");
                child.waitFor();
            }
            assertThat(Files.readString(lock)).isEqualTo(content);
        }
    }

    @Test
    void whatACrashLeftOfTheContentIsReplaced() throws Exception {
        Path lock = directory.resolve("LOCK");
        for (String content : List.of("", "\0\0\0\0\0\0", "4194304\n")) {
            Files.writeString(lock, content);
            new LocalFileStore(directory.toFile()).lock().close();
            assertThat(Files.readString(lock)).isEqualTo(ProcessHandle.current().pid() + "\n");
        }
    }

    @Test
    void aLockFileWithAnotherNameKeepsItsContent() throws Exception {
        Path victim = directory.resolve("victim.txt");
        Path store = Files.createDirectory(directory.resolve("store"));
        for (String content : List.of("", "17\n")) {
            Files.writeString(victim, content);
            Files.createLink(store.resolve("LOCK"), victim);
            new LocalFileStore(store.toFile()).lock().close();
            assertThat(Files.readString(victim)).isEqualTo(content);
            Files.delete(store.resolve("LOCK"));
        }
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
        try (AutoCloseable lock = new LocalFileStore(directory.toFile()).lock()) {
            assertThat(lock).isNotNull();
            for (int loader = 0; loader < 3; loader++) {
                awaitCollection(refusedInAnotherLoader());
                assertOthersAreRefused(directory);
            }
            assertThat(kept(directory)).hasSize(1);
        }
        assertThat(kept(directory)).isNull();
        assertAnotherProcessLocks(directory);
    }

    /** @return the loader, of which nothing is left but what the JVM keeps */
    private PhantomReference<Object> refusedInAnotherLoader() throws Exception {
        List<URL> urls = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            urls.add(new File(entry).toURI().toURL());
        }
        try (URLClassLoader other =
                new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader())) {
            Class<?> stores = other.loadClass(LocalFileStore.class.getName());
            assertThat(stores).isNotSameAs(LocalFileStore.class);
            Object store = stores.getConstructor(File.class).newInstance(directory.toFile());
            assertThatThrownBy(() -> stores.getMethod("lock").invoke(store))
                    .isInstanceOf(InvocationTargetException.class)
                    .cause()
                    .hasMessageContaining("in use by another store of this process");
            return new PhantomReference<>(other, new ReferenceQueue<>());
        }
    }

    @Test
    void aCopyOfHardLinksIsRefusedAndDoesNotTakeTheLockAway() throws Exception {
        Path store = Files.createDirectory(directory.resolve("store"));
        Path copy = Files.createDirectory(directory.resolve("copy"));
        try (AutoCloseable lock = new LocalFileStore(store.toFile()).lock()) {
            assertThat(lock).isNotNull();
            Files.createLink(copy.resolve("LOCK"), store.resolve("LOCK"));
            for (int i = 0; i < 3; i++) {
                assertThatThrownBy(() -> new LocalFileStore(copy.toFile()).lock())
                        .isInstanceOf(StoreLockedException.class)
                        .hasMessageContaining("another name");
                awaitCollection(new PhantomReference<>(new Object(), new ReferenceQueue<>()));
                assertOthersAreRefused(store);
            }
            assertThat(kept(store)).hasSize(1);
        }
        assertThat(kept(store)).isNull();
        new LocalFileStore(copy.toFile()).lock().close();
        assertAnotherProcessLocks(store);
    }

    @Test
    void aLockFileThatCannotBeReadDoesNotTakeTheLockAway() throws Exception {
        Path store = Files.createDirectory(directory.resolve("store"));
        Path copy = Files.createDirectory(directory.resolve("copy"));
        try (AutoCloseable lock = new LocalFileStore(store.toFile()).lock()) {
            assertThat(lock).isNotNull();
            Files.createLink(copy.resolve("LOCK"), store.resolve("LOCK"));
            assertThatThrownBy(() -> DirectoryLock.acquire(copy.toRealPath(), BrokenChannel::unreadable))
                    .isInstanceOf(StoreLockedException.class);
            assertOthersAreRefused(store);
        }
        // With the lock in hand the failure is reported, and nothing stays locked.
        assertThatThrownBy(() -> DirectoryLock.acquire(copy.toRealPath(), BrokenChannel::unreadable))
                .isInstanceOf(IOException.class)
                .hasMessage(BrokenChannel.MESSAGE);
        assertAnotherProcessLocks(store);
    }

    /** As on a full disk: what is there is to be read all the same. */
    @Test
    void aLockFileThatCannotBeWrittenIsLockedAllTheSame() throws Exception {
        Path store = Files.createDirectory(directory.resolve("store"));
        try (AutoCloseable first = new LocalFileStore(store.toFile()).lock()) {
            assertThat(first).isNotNull();
        }
        try (AutoCloseable lock = DirectoryLock.acquire(store.toRealPath(), BrokenChannel::unwritable)) {
            assertThat(lock).isNotNull();
            assertOthersAreRefused(store);
        }
        assertAnotherProcessLocks(store);
    }

    @Test
    void theOwnerIsNamedWhereWhatIsLockedCannotBeRead() throws Exception {
        Files.writeString(directory.resolve("LOCK"), "4711\n");
        assertThatThrownBy(() -> DirectoryLock.acquire(directory.toRealPath(), MandatoryLockChannel::new))
                .isInstanceOf(StoreLockedException.class)
                .hasMessageContaining("another process (4711)");
    }

    /** Waits until the garbage of before, and so what else became garbage with it, was collected. */
    private static void awaitCollection(PhantomReference<Object> reference) {
        while (!reference.refersTo(null)) {
            System.gc();
        }
    }

    private static void assertOthersAreRefused(Path store) throws Exception {
        Process child = start(store);
        assertThat(firstLine(child)).startsWith("refused: ").contains("of another process");
        child.waitFor();
    }

    private static void assertAnotherProcessLocks(Path store) throws Exception {
        Process child = start(store);
        assertThat(firstLine(child)).isEqualTo("locked true");
        child.getOutputStream().close();
        assertThat(child.waitFor()).isZero();
    }

    private static List<?> kept(Path store) throws IOException {
        Path lock = store.toRealPath().resolve("LOCK");
        Object key = Files.readAttributes(lock, BasicFileAttributes.class).fileKey();
        return (List<?>) System.getProperties().get("io.forebay.store.lock." + (key == null ? lock : key));
    }
}
