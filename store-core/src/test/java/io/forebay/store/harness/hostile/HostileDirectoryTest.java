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
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * Symbolic links, FIFOs, directories and devices under every name that a store, a backup and a restore use. Whatever is done
 * then, nothing outside of the directory changes, nobody waits for ever, and what fails names the file.
 */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "neither FIFOs nor links without privileges")
class HostileDirectoryTest extends HostileDirectory {
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
}
