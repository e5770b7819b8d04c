package io.forebay.store.api;

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
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where a restore may put a store, and that nothing of anybody else is lost there. */
class RestorePlaceTest {
    private final SteppedEnvironment stepped = new SteppedEnvironment(4 << 20);

    @AfterEach
    void close() {
        stepped.close();
    }

    @Test
    void thePlaceOfAnotherBackupIsRefused() throws IOException {
        MemoryFileStore kept = new MemoryFileStore();
        byte[] keptMetadata = backup(kept, "kept", "more");
        MemoryFileStore other = new MemoryFileStore();
        byte[] otherMetadata = backup(other, "other");
        List<String> before = kept.list();
        assertThatThrownBy(() -> restore(kept, other, otherMetadata, KeyRange.all()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("another backup or store")
                .hasMessageContaining("another directory");
        assertThat(kept.list()).isEqualTo(before);
        try (Store restored = restore(new MemoryFileStore(), kept, keptMetadata, KeyRange.all())) {
            assertThat(restored.get(bytes("kept"))).isEqualTo(bytes("value"));
        }
    }

    /** Also one of whose files the clip leaves nothing to see. */
    @Test
    void aBackupIsRestoredInItsPlace() throws IOException {
        MemoryFileStore place = new MemoryFileStore();
        byte[] metadata = backup(place, "a", "z");
        assertThat(Environment.describe(metadata).files()).hasSize(2);
        try (Store restored = restore(place, place, metadata, KeyRange.of(bytes("m"), null))) {
            assertThat(restored.get(bytes("a"))).isNull();
            assertThat(restored.get(bytes("z"))).isEqualTo(bytes("value"));
        }
    }

    /** The call was cut off after all was durable: what it made is a store, and is not taken for something else. */
    @Test
    void aRestoreThatIsRepeatedBesideItsOwnLogSaysThatThereIsAStore() throws IOException {
        CrashFileStore source = new CrashFileStore();
        byte[] metadata = backup(source, "a");
        CrashFileStore place = new CrashFileStore();
        restore(place, source, metadata, KeyRange.all());
        CrashFileStore left = place.afterKill();
        assertThat(left.list()).anyMatch(name -> name.startsWith("WAL-"));
        assertThatThrownBy(() -> restore(left, source, metadata, KeyRange.all()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("There is a store");
        try (Store opened = stepped.environment.open(left, options())) {
            assertThat(opened.get(bytes("a"))).isEqualTo(bytes("value"));
            assertThat(opened.durablePayload()).isEqualTo(bytes("restored"));
        }
    }

    /** As somebody keeps a backup who wants nobody to change it. */
    @Test
    void aBackupWithoutPermissionToWriteIsRestored(@TempDir Path directory) throws IOException {
        File backup = directory.resolve("backup").toFile();
        byte[] metadata = backup(FileStores.local(backup), "a");
        for (File file : backup.listFiles()) {
            assertThat(file.setWritable(false)).isTrue();
        }
        FileStore place = FileStores.local(directory.resolve("place").toFile());
        try (Store restored = restore(place, FileStores.local(backup), metadata, KeyRange.all())) {
            assertThat(restored.get(bytes("a"))).isEqualTo(bytes("value"));
        }
    }

    /** A file for each key. */
    private byte[] backup(FileStore to, String... keys) throws IOException {
        try (Store store = stepped.environment.open(new MemoryFileStore(), StoreOptions.defaults())) {
            for (String key : keys) {
                store.put(bytes(key), bytes("value"));
                store.flush();
            }
            Checkpoint checkpoint = store.checkpoint(bytes("checkpoint"));
            stepped.executor.drain();
            checkpoint.writeTo(to);
            return checkpoint.metadata();
        }
    }

    private Store restore(FileStore to, FileStore from, byte[] metadata, KeyRange clip) {
        return stepped.environment.restore(
                to, options(), List.of(new RestoreSource(from, metadata, clip)), bytes("restored"));
    }

    private static StoreOptions options() {
        return StoreOptions.builder().durability(Durability.SYNCED).build();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
