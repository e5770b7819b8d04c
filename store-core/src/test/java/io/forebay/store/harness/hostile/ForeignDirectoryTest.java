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
import io.forebay.store.RestoreSource;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import java.io.File;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Directories of somebody else, and backups, are not opened as stores, and stay as they are. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ForeignDirectoryTest extends HostileDirectory {
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
