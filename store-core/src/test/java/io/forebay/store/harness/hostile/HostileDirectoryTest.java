package io.forebay.store.harness.hostile;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Checkpoint;
import io.forebay.store.Durability;
import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.ReadableFile;
import io.forebay.store.RestoreSource;
import io.forebay.store.Store;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIoException;
import io.forebay.store.StoreOptions;
import io.forebay.store.VerificationReport;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.assertj.core.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Symbolic links, FIFOs, directories and devices under every name that a store, a backup and a restore use. Whatever is done
 * then, nothing outside of the directory changes, nobody waits for ever, and what fails names the file.
 */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "neither FIFOs nor links without privileges")
class HostileDirectoryTest {
    /** What is put in the place of a file, or under a name that was free. */
    private enum Thing {
        LINK_TO_FILE("symbolic link"),
        LINK_TO_NOTHING("symbolic link"),
        LINK_TO_DIRECTORY("symbolic link"),
        LINK_TO_ITSELF("symbolic link"),
        /** Even the true content is refused behind a link. */
        LINK_TO_THE_SAME("symbolic link"),
        FIFO("FIFO"),
        DEVICE("FIFO, socket or device"),
        DIRECTORY("directory");

        final String word;

        Thing(String word) {
            this.word = word;
        }
    }

    @TempDir
    Path root;

    private Path outside;
    private Path store;
    private Map<String, String> before;

    @BeforeEach
    void somethingOutside() throws IOException {
        outside = Files.createDirectory(root.resolve("outside"));
        Files.writeString(outside.resolve("victim"), "precious");
        Files.createDirectory(outside.resolve("folder"));
        Files.writeString(outside.resolve("folder").resolve("letter"), "private");
        store = root.resolve("place").resolve("store");
        before = content(outside);
    }

    private static Map<String, String> content(Path directory) throws IOException {
        Map<String, String> content = new TreeMap<>();
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.toList()) {
                content.put(
                        directory.relativize(file).toString(),
                        (Files.isRegularFile(file) ? Files.readString(file) : "-") + Files.getLastModifiedTime(file));
            }
        }
        return content;
    }

    private void put(Thing thing, Path at) throws Exception {
        Files.createDirectories(at.getParent());
        Path same = root.resolve("saved-" + at.getFileName());
        if (Files.exists(at)) {
            Files.move(at, same);
        }
        switch (thing) {
            case LINK_TO_FILE -> Files.createSymbolicLink(at, outside.resolve("victim"));
            case LINK_TO_NOTHING -> Files.createSymbolicLink(at, outside.resolve("nothing"));
            case LINK_TO_DIRECTORY -> Files.createSymbolicLink(at, outside.resolve("folder"));
            case LINK_TO_ITSELF -> Files.createSymbolicLink(at, at.getFileName());
            case LINK_TO_THE_SAME ->
                Files.createSymbolicLink(at, Files.exists(same) ? same : outside.resolve("victim"));
            case FIFO -> run("mkfifo", at.toString());
            case DEVICE -> {
                // only root may make one; others have a FIFO there
                if (tryRun("mknod", at.toString(), "c", "1", "5") != 0) {
                    run("mkfifo", at.toString());
                }
            }
            case DIRECTORY -> {
                Files.createDirectory(at);
                Files.writeString(at.resolve("content"), "of the directory");
            }
        }
    }

    private static void run(String... command) throws Exception {
        assertThat(tryRun(command)).as(String.join(" ", command)).isZero();
    }

    private static int tryRun(String... command) throws Exception {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
        return process.exitValue();
    }

    private static StoreOptions options(Durability durability) {
        return StoreOptions.builder().durability(durability).build();
    }

    private FileStore files() {
        return FileStores.local(store.toFile());
    }

    /** A store with two SSTs, a manifest, and a log if it has one, closed. */
    private void make(Durability durability) {
        try (Environment environment = Environment.builder().build();
                Store made = environment.open(files(), options(durability))) {
            for (int i = 0; i < 2; i++) {
                made.put(("key" + i).getBytes(UTF_8), ("value" + i).getBytes(UTF_8));
                made.commitDurably(("commit" + i).getBytes(UTF_8));
                made.flush();
            }
        }
    }

    private static void check(Store opened) {
        for (int i = 0; i < 2; i++) {
            assertThat(opened.get(("key" + i).getBytes(UTF_8))).isEqualTo(("value" + i).getBytes(UTF_8));
        }
        assertThat(opened.durablePayload()).isEqualTo("commit1".getBytes(UTF_8));
    }

    private List<String> names() throws IOException {
        try (Stream<Path> entries = Files.list(store)) {
            return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
        }
    }

    private static String first(List<String> names, String pattern) {
        return names.stream().filter(name -> name.matches(pattern)).findFirst().orElseThrow();
    }

    /** All that a message and its causes say. */
    private static String all(Throwable failure) {
        StringBuilder text = new StringBuilder();
        for (Throwable e = failure; e != null; e = e.getCause()) {
            text.append(e.getMessage()).append('\n');
        }
        return text.toString();
    }

    private static void delete(Path place) throws IOException {
        if (Files.exists(place)) {
            try (Stream<Path> files = Files.walk(place)) {
                for (Path path :
                        files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }

    @Test
    void inThePlaceOfAFileOfAStore() throws Exception {
        for (Durability durability : List.of(Durability.NONE, Durability.SYNCED)) {
            for (String names : List.of("LOCK", "MANIFEST-.*", ".*\\.sst", "WAL-.*")) {
                if (names.startsWith("WAL") && durability == Durability.NONE) {
                    continue;
                }
                for (Thing thing : Thing.values()) {
                    delete(root.resolve("place"));
                    make(durability);
                    String name = first(names(), names);
                    put(thing, store.resolve(name));
                    boolean missing = thing == Thing.DIRECTORY && !name.endsWith(".sst") && !name.equals("LOCK");
                    refused(durability, thing, name, missing);
                    Files.deleteIfExists(root.resolve("saved-" + name));
                    assertThat(content(outside)).as("%s as %s", name, thing).isEqualTo(before);
                }
            }
        }
    }

    /** @param orLost a directory is no file, so that the error is that the file is missing, and names it or what it held */
    private void refused(Durability durability, Thing thing, String name, boolean orLost) {
        String where = name + " as " + thing + " with " + durability;
        try (Environment environment = Environment.builder().build()) {
            Throwable failure = null;
            try (Store opened = environment.open(files(), options(durability))) {
                check(opened);
            } catch (StoreException e) {
                failure = e;
            }
            assertThat(failure).as(where).isNotNull();
            if (orLost) {
                assertThat(all(failure)).as(where).containsAnyOf(name, "MANIFEST");
            } else {
                assertThat(all(failure)).as(where).contains(name, thing.word);
            }
            if (!name.equals("LOCK")) {
                try {
                    VerificationReport report = environment.verify(files(), null);
                    assertThat(report.isClean()).as(where).isFalse();
                    assertThat(report.toString()).as(where).containsAnyOf(name, "MANIFEST");
                } catch (StoreException e) {
                    assertThat(all(e)).as(where).contains(name);
                }
            }
        }
        assertThat(Files.exists(store.resolve(name), java.nio.file.LinkOption.NOFOLLOW_LINKS))
                .as(where)
                .isTrue();
    }

    @Test
    void underANameThatTheStoreWillUse() throws Exception {
        List<String> names = List.of(
                "MANIFEST-0000000000000001",
                "MANIFEST-0000000000000002",
                "MANIFEST-0000000000000009",
                "WAL-0000000000000001",
                "WAL-0000000000000002",
                "0123456789abcdef0123456789abcdef.sst",
                "x-1-1.forebay.tmp",
                "CHECKPOINT");
        for (boolean there : new boolean[] {false, true}) {
            for (String name : names) {
                for (Thing thing : Thing.values()) {
                    delete(root.resolve("place"));
                    if (there) {
                        make(Durability.SYNCED);
                        if (Files.exists(store.resolve(name))) {
                            continue;
                        }
                    }
                    put(thing, store.resolve(name));
                    worksOrIsRefused(there, name + " as " + thing + (there ? " beside a store" : " alone"), name);
                    assertThat(content(outside)).as("%s as %s", name, thing).isEqualTo(before);
                    if (thing == Thing.DIRECTORY) {
                        assertThat(store.resolve(name).resolve("content")).exists();
                    }
                }
            }
        }
    }

    private void worksOrIsRefused(boolean there, String where, String name) {
        try (Environment environment = Environment.builder().build()) {
            try (Store opened = environment.open(files(), options(Durability.SYNCED))) {
                if (there) {
                    check(opened);
                }
                opened.put("new".getBytes(UTF_8), "row".getBytes(UTF_8));
                opened.commitDurably("new".getBytes(UTF_8));
                opened.flush();
            } catch (StoreException | IllegalArgumentException e) {
                assertThat(all(e)).as(where).containsAnyOf(name, "backup");
                return;
            }
            try (Store opened = environment.open(files(), options(Durability.SYNCED))) {
                assertThat(opened.get("new".getBytes(UTF_8))).as(where).isEqualTo("row".getBytes(UTF_8));
            } catch (StoreException e) {
                assertThat(all(e)).as(where).contains(name);
            }
        }
    }

    private byte[] metadata(FileStore backup) throws IOException {
        try (ReadableFile file = backup.open("CHECKPOINT")) {
            byte[] bytes = new byte[(int) file.size()];
            file.read(0, ByteBuffer.wrap(bytes));
            return bytes;
        }
    }

    @Test
    void inThePlaceOfAFileOfABackup() throws Exception {
        make(Durability.NONE);
        for (Thing thing : Thing.values()) {
            for (boolean table : new boolean[] {false, true}) {
                delete(root.resolve("backup"));
                delete(root.resolve("restored"));
                FileStore backup = FileStores.local(root.resolve("backup").toFile());
                try (Environment environment = Environment.builder().build()) {
                    byte[] metadata;
                    try (Store opened = environment.open(files(), options(Durability.NONE));
                            Checkpoint checkpoint = opened.checkpoint(new byte[0])) {
                        checkpoint.completion().join();
                        checkpoint.writeTo(backup);
                        metadata = checkpoint.metadata();
                    }
                    String name = table ? first(backup.list(), ".*\\.sst") : "CHECKPOINT";
                    put(thing, root.resolve("backup").resolve(name));
                    String where = name + " as " + thing;
                    try {
                        assertThat(environment.verify(backup, null).toString())
                                .as(where)
                                .contains("damaged")
                                .containsAnyOf(name, "a manifest beside SSTs");
                    } catch (StoreException | IllegalArgumentException e) {
                        assertThat(all(e)).as(where).containsAnyOf(name, "no store");
                    } catch (Throwable e) {
                        throw new AssertionError(where, e);
                    }
                    if (table) {
                        assertThatThrownBy(() -> environment.restore(
                                        FileStores.local(
                                                root.resolve("restored").toFile()),
                                        options(Durability.NONE),
                                        List.of(new RestoreSource(backup, metadata, KeyRange.all())),
                                        new byte[0]))
                                .as(where)
                                .isInstanceOf(StoreException.class)
                                .satisfies(e -> assertThat(all(e)).contains(name, thing.word));
                    } else {
                        assertThatThrownBy(() -> metadata(backup))
                                .as(where)
                                .isInstanceOf(IOException.class)
                                .hasMessageContaining(thing.word);
                    }
                    Files.deleteIfExists(root.resolve("saved-" + name));
                }
                assertThat(content(outside)).as("%s", thing).isEqualTo(before);
            }
        }
    }

    @Test
    void underTheNamesThatABackupOrARestoreWillUse() throws Exception {
        make(Durability.NONE);
        try (Environment environment = Environment.builder().build();
                Store opened = environment.open(files(), options(Durability.NONE));
                Checkpoint checkpoint = opened.checkpoint(new byte[0])) {
            checkpoint.completion().join();
            List<String> names = new ArrayList<>(List.of("CHECKPOINT"));
            checkpoint.files().forEach(file -> names.add(file.name()));
            FileStore whole = FileStores.local(root.resolve("whole").toFile());
            checkpoint.writeTo(whole);
            for (String name : names) {
                for (Thing thing : Thing.values()) {
                    delete(root.resolve("target"));
                    put(thing, root.resolve("target").resolve(name));
                    FileStore target = FileStores.local(root.resolve("target").toFile());
                    String where = name + " as " + thing;
                    if (thing != Thing.DIRECTORY) {
                        assertThatThrownBy(() -> checkpoint.writeTo(target))
                                .as(where)
                                .hasMessageContaining(name);
                    } else {
                        // directories do not count as content, so that the clash shows on the way
                        try {
                            checkpoint.writeTo(target);
                            throw new AssertionError(where + " was not noticed");
                        } catch (StoreIoException e) {
                            assertThat(target.list()).as(where).isEmpty();
                        }
                    }
                    if (!name.equals("CHECKPOINT")) {
                        assertThatThrownBy(() -> environment.restore(
                                        target,
                                        options(Durability.NONE),
                                        List.of(new RestoreSource(whole, checkpoint.metadata(), KeyRange.all())),
                                        new byte[0]))
                                .as(where)
                                .isInstanceOf(StoreException.class)
                                .satisfies(e -> assertThat(all(e)).contains(name, thing.word));
                    }
                    assertThat(content(outside)).as(where).isEqualTo(before);
                }
            }
        }
    }

    @Test
    void inThePlaceOfTheDirectoryItself() throws Exception {
        for (Thing thing : Thing.values()) {
            delete(root.resolve("place"));
            put(thing, store);
            if (thing == Thing.DIRECTORY) {
                try (Environment environment = Environment.builder().build()) {
                    assertThatThrownBy(() -> environment.open(files(), StoreOptions.defaults()))
                            .isInstanceOf(IllegalArgumentException.class)
                            .hasMessageContaining("content");
                }
                continue;
            }
            try (Environment environment = Environment.builder().build()) {
                // a link to a directory is the choice of whoever made it; this one leads to files of somebody else
                assertThatThrownBy(() -> environment.open(files(), StoreOptions.defaults()))
                        .as(thing.name())
                        .satisfies(e -> assertThat(all(e)).contains(store.toString()));
            }
            assertThat(content(outside)).as(thing.name()).isEqualTo(before);
        }
    }

    @Test
    void modesThatForbidWhatIsNeeded() throws Exception {
        make(Durability.NONE);
        for (String name : names()) {
            Path file = store.resolve(name);
            var modes = Files.getPosixFilePermissions(file);
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
            try (Environment environment = Environment.builder().build()) {
                Assumptions.assumeThat(Files.isReadable(file))
                        .as("root reads and writes whatever the mode; nothing can be refused to it by modes")
                        .isFalse();
                assertThatThrownBy(() -> {
                            try (Store opened = environment.open(files(), options(Durability.NONE))) {
                                check(opened);
                            }
                        })
                        .as(name)
                        .isInstanceOf(StoreException.class)
                        .satisfies(e -> assertThat(all(e)).contains(name));
            } finally {
                Files.setPosixFilePermissions(file, modes);
            }
        }
    }

    @Test
    void aDirectoryOfSomebodyElseIsRefusedUntouched() throws Exception {
        Files.createDirectories(store);
        for (String name : List.of("CURRENT", "LOG", "MANIFEST-000005", "000008.sst", "letter.tmp", "x-1-1.tmp")) {
            Files.writeString(store.resolve(name), "of RocksDB");
        }
        Files.createFile(store.resolve("LOCK"));
        Map<String, String> found = content(store);
        try (Environment environment = Environment.builder().build()) {
            assertThatThrownBy(() -> environment.open(files(), StoreOptions.defaults()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(store.toString())
                    .hasMessageContaining("RocksDB")
                    .hasMessageContaining("a directory of its own");
            assertThat(content(store)).isEqualTo(found);
            Files.delete(store.resolve("CURRENT"));
            found = content(store);
            assertThatThrownBy(() -> environment.open(files(), StoreOptions.defaults()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("3 files of something else: 000008.sst, LOG, MANIFEST-000005");
            assertThatThrownBy(() -> environment.verify(files(), null))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("something else");
            assertThat(content(store)).isEqualTo(found);
        }
    }

    @Test
    void whatFileSystemsAndHostsLeaveAnywhereIsNoReasonToRefuse() throws Exception {
        Files.createDirectories(store.resolve("lost+found"));
        Files.createFile(store.resolve(".checkpoint"));
        Files.createFile(store.resolve("LOCK")); // of an open that was killed
        make(Durability.NONE);
        Files.writeString(store.resolve("notes.txt"), "of somebody who looked after the store");
        try (Environment environment = Environment.builder().build();
                Store opened = environment.open(files(), StoreOptions.defaults())) {
            check(opened);
        }
        assertThat(store.resolve("notes.txt")).exists();
    }

    @Test
    void aBackupIsNotOpenedAsAStore() throws Exception {
        make(Durability.NONE);
        File place = root.resolve("backup").toFile();
        FileStore backup = FileStores.local(place);
        try (Environment environment = Environment.builder().build()) {
            byte[] metadata;
            try (Store opened = environment.open(files(), options(Durability.NONE));
                    Checkpoint checkpoint = opened.checkpoint("saved".getBytes(UTF_8))) {
                checkpoint.completion().join();
                checkpoint.writeTo(backup);
                metadata = checkpoint.metadata();
            }
            assertThatThrownBy(() -> environment.open(backup, StoreOptions.defaults()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(place.toString())
                    .hasMessageContaining("Environment.restore");
            try (Store restored = environment.restore(
                    backup,
                    StoreOptions.defaults(),
                    List.of(new RestoreSource(backup, metadata, KeyRange.all())),
                    "commit1".getBytes(UTF_8))) {
                check(restored);
            }
            try (Store opened = environment.open(backup, StoreOptions.defaults())) {
                check(opened);
            }
        }
    }
}
