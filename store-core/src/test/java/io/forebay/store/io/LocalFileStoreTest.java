package io.forebay.store.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.FileStore;
import io.forebay.store.ReadableFile;
import io.forebay.store.WritableFile;
import java.io.File;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalFileStoreTest extends FileStoreContract {
    @TempDir
    Path root;

    private int stores;

    @Override
    FileStore newStore() {
        return new LocalFileStore(nextDirectory().toFile());
    }

    private Path nextDirectory() {
        return root.resolve("parent").resolve("store-" + stores++);
    }

    private static Object inode(Path file) throws IOException {
        return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
    }

    /** Names in the directory, the store's own included. */
    private static List<String> all(Path directory) throws IOException {
        try (var entries = Files.list(directory)) {
            return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void namesOfNewDirectoriesAreDurable() throws Exception {
        Path directory = root.resolve("state").resolve("task").resolve("store");
        List<Path> synced = new ArrayList<>();
        LocalFileStore store = new LocalFileStore(directory, Files::createLink, synced::add);
        store.lock().close();
        assertThat(synced)
                .containsExactly(
                        root.toRealPath().getParent(),
                        root,
                        root.resolve("state"),
                        root.resolve("state").resolve("task"));
        synced.clear();
        store.lock().close();
        write(store, "a", ascii("x"));
        assertThat(synced).as("a new file does not sync its name").isEmpty();
        store.syncDirectory();
        assertThat(synced).containsExactly(directory);
        synced.clear();
        assertThat(store.putIfAbsent("b", ascii("y"))).isTrue();
        assertThat(synced).containsExactly(directory);
    }

    @Test
    void everyWayToMakeADirectorySyncsItsName() throws IOException {
        for (int way = 0; way < 3; way++) {
            Path directory = root.resolve("way-" + way);
            List<Path> synced = new ArrayList<>();
            LocalFileStore store = new LocalFileStore(directory, Files::createLink, synced::add);
            switch (way) {
                case 0 -> store.create("a").close();
                case 1 -> store.putIfAbsent("a", ascii("x"));
                default -> {
                    FileStore from = newStore();
                    write(from, "a", ascii("x"));
                    store.linkFrom(from, "a");
                }
            }
            assertThat(synced).as("way " + way).contains(root);
        }
    }

    /** Names of directories that are on disk for sure, kept up by syncs; and the end of the process at one of them. */
    private static final class Names implements LocalFileStore.DirectorySync {
        final Set<Path> durable = new HashSet<>();
        int until;

        Names(int until) {
            this.until = until;
        }

        @Override
        public void sync(Path directory) throws IOException {
            if (--until < 0) {
                throw new Killed();
            }
            try (var entries = Files.list(directory)) {
                entries.filter(Files::isDirectory).forEach(durable::add);
            }
        }
    }

    private static final class Killed extends Error {
        private static final long serialVersionUID = 1L;
    }

    @Test
    void namesOfDirectoriesThatAKilledProcessMadeAreDurableBeforeAnythingInThem() throws Exception {
        boolean wasKilled = true;
        for (int kill = 0; wasKilled; kill++) {
            Path top = Files.createDirectory(root.toRealPath().resolve("top-" + kill));
            List<Path> made = List.of(top.resolve("state"), top.resolve("state/task"), top.resolve("state/task/store"));
            Names names = new Names(kill);
            try {
                new LocalFileStore(made.get(2), Files::createLink, names).lock().close();
                wasKilled = false;
            } catch (Killed e) {
                // between making a directory and syncing its name
            }
            names.until = Integer.MAX_VALUE;
            LocalFileStore next = new LocalFileStore(made.get(2), Files::createLink, names);
            try (AutoCloseable lock = next.lock()) {
                assertThat(lock).isNotNull();
                write(next, "a", ascii("x"));
                next.syncDirectory();
            }
            assertThat(names.durable)
                    .as("killed at sync %d", kill)
                    .contains(top)
                    .containsAll(made);
        }
    }

    @Test
    void theNameOfADirectoryThatWasThereIsSyncedOnce() throws Exception {
        Path directory = Files.createDirectories(root.resolve("host").resolve("store"));
        List<Path> synced = new ArrayList<>();
        LocalFileStore store = new LocalFileStore(directory, Files::createLink, synced::add);
        store.lock().close();
        assertThat(synced).as("a host that syncs nothing pays nothing").isEmpty();
        store.syncDirectory();
        store.syncDirectory();
        assertThat(synced).containsExactly(directory, directory.toRealPath().getParent(), directory);
    }

    @Test
    void aSyncOfTheNameThatFailsIsNoSuccessAndIsTriedAgain() throws Exception {
        Path directory = Files.createDirectories(root.resolve("host").resolve("store"));
        boolean[] broken = {true};
        LocalFileStore store = new LocalFileStore(directory, Files::createLink, synced -> {
            if (broken[0] && !synced.equals(directory)) {
                throw new IOException("no disk");
            }
        });
        assertThatThrownBy(store::syncDirectory).isInstanceOf(IOException.class).hasMessage("no disk");
        assertThatThrownBy(store::syncDirectory).isInstanceOf(IOException.class);
        broken[0] = false;
        store.syncDirectory();
    }

    /** As of mode 0333: names can be made in it, and not synced. */
    @Test
    void aDirectoryAboveThatMayNotBeReadIsNoSuccessEither() throws Exception {
        Path above = Files.createDirectories(root.resolve("host").toAbsolutePath());
        Path directory = above.resolve("store");
        LocalFileStore.DirectorySync sync = synced -> {
            if (!synced.equals(directory)) {
                throw new AccessDeniedException(synced.toString());
            }
        };
        for (int attempt = 0; attempt < 3; attempt++) {
            LocalFileStore store = new LocalFileStore(directory, Files::createLink, sync);
            assertThatThrownBy(() -> {
                        try (AutoCloseable lock = store.lock()) {
                            assertThat(lock).isNotNull();
                            store.syncDirectory();
                        }
                    })
                    .as("attempt %d", attempt)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("allow to read it");
        }
    }

    @Test
    void temporaryFilesOfOthersStay() throws Exception {
        Path directory = Files.createDirectories(nextDirectory());
        Files.write(directory.resolve("letter.tmp"), ascii("of somebody"));
        Files.write(directory.resolve("report-2026-11.tmp"), ascii("of somebody"));
        Files.createDirectory(directory.resolve("a-1-1.forebay.tmp"));
        LocalFileStore store = new LocalFileStore(directory.toFile());
        try (AutoCloseable lock = store.lock()) {
            assertThat(lock).isNotNull();
            store.putIfAbsent("b", ascii("x"));
        }
        assertThat(all(directory))
                .containsExactly("LOCK", "a-1-1.forebay.tmp", "b", "letter.tmp", "report-2026-11.tmp");
    }

    @Test
    void aTemporaryNameThatIsTakenIsPassedOver() throws Exception {
        Path directory = Files.createDirectories(nextDirectory());
        long pid = ProcessHandle.current().pid();
        Files.write(directory.resolve("a-" + pid + "-1.forebay.tmp"), ascii("of a process of the same id"));
        FileStore store = new LocalFileStore(directory.toFile());
        assertThat(store.putIfAbsent("a", ascii("x"))).isTrue();
        assertThat(read(store, "a")).isEqualTo(ascii("x"));
        assertThat(all(directory)).containsExactly("a", "a-" + pid + "-1.forebay.tmp");
    }

    @Test
    void linksAreHardLinks() throws IOException {
        Path one = nextDirectory();
        Path two = nextDirectory();
        FileStore from = new LocalFileStore(one.toFile());
        write(from, "a", ascii("x"));
        new LocalFileStore(two.toFile()).linkFrom(from, "a");
        assertThat(inode(two.resolve("a"))).isEqualTo(inode(one.resolve("a")));
        assertThat(all(two)).containsExactly("a");
    }

    @Test
    void onlyRegularFilesAreLinked() throws IOException {
        Path one = Files.createDirectories(nextDirectory());
        Path two = nextDirectory();
        Path victim = Files.writeString(root.resolve("victim"), "precious");
        Files.createSymbolicLink(one.resolve("a"), victim);
        Files.createDirectory(one.resolve("b"));
        FileStore from = new LocalFileStore(one.toFile());
        FileStore to = new LocalFileStore(two.toFile());
        assertThatThrownBy(() -> to.linkFrom(from, "a"))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining(one.resolve("a") + ": is a symbolic link");
        assertThatThrownBy(() -> to.linkFrom(from, "b"))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("is a directory");
        assertThat(all(two)).isEmpty();
    }

    @Test
    void withoutLinksFilesAreCopied() throws IOException {
        List<LocalFileStore.Linker> refusals = List.of(
                (link, existing) -> {
                    throw new FileSystemException(link.toString(), existing.toString(), "Invalid cross-device link");
                },
                (link, existing) -> {
                    throw new UnsupportedOperationException();
                });
        for (LocalFileStore.Linker refusal : refusals) {
            Path one = nextDirectory();
            Path two = nextDirectory();
            FileStore from = new LocalFileStore(one.toFile());
            FileStore to = new LocalFileStore(two, refusal);
            byte[] large = new byte[700_000];
            large[699_999] = 1;
            write(from, "a", large);
            write(from, "empty", new byte[0]);
            to.linkFrom(from, "a");
            to.linkFrom(from, "empty");
            assertThat(read(to, "a")).isEqualTo(large);
            assertThat(read(to, "empty")).isEmpty();
            assertThat(inode(two.resolve("a"))).isNotEqualTo(inode(one.resolve("a")));
            assertThat(to.putIfAbsent("b", ascii("b"))).isTrue();
            assertThat(to.putIfAbsent("b", ascii("c"))).isFalse();
            assertThat(read(to, "b")).isEqualTo(ascii("b"));
            assertThatThrownBy(() -> to.linkFrom(from, "a"))
                    .isInstanceOf(java.nio.file.FileAlreadyExistsException.class);
            assertThatThrownBy(() -> to.linkFrom(from, "missing")).isInstanceOf(NoSuchFileException.class);
            assertThat(all(two)).containsExactly("a", "b", "empty");
        }
    }

    @Test
    void filesOfOtherStoresAreCopied() throws IOException {
        FileStore memory = new MemoryFileStore();
        write(memory, "a", ascii("from memory"));
        FileStore local = newStore();
        local.linkFrom(memory, "a");
        assertThat(read(local, "a")).isEqualTo(ascii("from memory"));
    }

    @Test
    void aCopyThatFailsLeavesNothing() throws IOException {
        Path directory = nextDirectory();
        FileStore memory = new MemoryFileStore();
        write(memory, "a", ascii("x"));
        FileStore broken = new LocalFileStore(directory, (link, existing) -> {
            Files.delete(existing);
            throw new FileSystemException(link.toString());
        });
        assertThatThrownBy(() -> broken.linkFrom(memory, "a")).isInstanceOf(IOException.class);
        assertThat(all(directory)).isEmpty();
    }

    /** Each change does; a lock alone, as for a verification, and what only reads do not. */
    @Test
    void theFirstChangeUnderALockRemovesWhatACrashLeftHalfDone() throws Exception {
        for (int change = 0; change < 4; change++) {
            Path directory = nextDirectory();
            Files.createDirectories(directory);
            String left = "a.sst-17-1.forebay.tmp";
            Files.write(directory.resolve(left), ascii("half"));
            FileStore store = new LocalFileStore(directory.toFile());
            FileStore from = newStore();
            write(from, "c", ascii("x"));
            try (AutoCloseable lock = store.lock()) {
                assertThat(lock).isNotNull();
                assertThat(store.list()).isEmpty();
                assertThat(store.exists("c")).isFalse();
                store.syncDirectory();
                assertThat(all(directory)).containsExactly("LOCK", left);
                switch (change) {
                    case 0 -> store.create("c").close();
                    case 1 -> store.putIfAbsent("c", ascii("x"));
                    case 2 -> store.delete("d");
                    default -> store.linkFrom(from, "c");
                }
                assertThat(all(directory)).doesNotContain(left);
            }
        }
    }

    @Test
    void subdirectoriesAreNotFiles() throws IOException {
        Path directory = nextDirectory();
        Files.createDirectories(directory.resolve("nested"));
        FileStore store = new LocalFileStore(directory.toFile());
        write(store, "a", ascii("x"));
        assertThat(store.list()).containsExactly("a");
    }

    @Test
    void aFileInPlaceOfTheDirectoryIsRefused() throws IOException {
        Path file = Files.createFile(root.resolve("file"));
        FileStore store = new LocalFileStore(file.toFile());
        assertThatThrownBy(store::lock).isInstanceOf(IOException.class).hasMessageContaining("file");
        assertThatThrownBy(store::list).isInstanceOf(IOException.class);
    }

    /** The JDK keeps a direct buffer as large as the largest heap buffer that a thread has read or written. */
    @Test
    void largeHeapBuffersLeaveNoLargeDirectOnesBehind() throws IOException {
        FileStore files = newStore();
        byte[] bytes = new byte[8 << 20];
        new Random(1).nextBytes(bytes);
        long before = directBytes();
        try (WritableFile file = files.create("large")) {
            ByteBuffer from = ByteBuffer.wrap(bytes);
            file.append(from);
            assertThat(from.hasRemaining()).isFalse();
            assertThat(from.limit()).isEqualTo(bytes.length);
            assertThat(file.position()).isEqualTo(bytes.length);
        }
        ByteBuffer read = ByteBuffer.allocate(bytes.length);
        try (ReadableFile file = files.open("large")) {
            file.read(0, read);
        }
        assertThat(read.array()).isEqualTo(bytes);
        assertThat(directBytes() - before).isLessThan(2 << 20);
    }

    private static long directBytes() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }

    @Test
    void errorsNameTheFile() {
        File directory = nextDirectory().toFile();
        FileStore store = new LocalFileStore(directory);
        assertThat(store.describe()).isEqualTo(directory.toString());
        assertThatThrownBy(() -> store.open("a.sst"))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("a.sst");
    }
}
