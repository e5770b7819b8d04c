package io.forebay.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import io.forebay.store.testing.TestKeys;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * An open that finds no room deletes orphans first. A failure of that is none of the store, which needs neither them nor the manifests
 * that were replaced: it can be read. What could not be deleted then is tried again with each attempt to make the store writable.
 */
class OrphansOnAFullDiskTest {
    private static final byte[] KEY = "key".getBytes(UTF_8);
    private static final String FIRST = "00000000000000000000000000000abc.sst";
    private static final String SECOND = "00000000000000000000000000000abd.sst";

    private final CrashFileStore disk = new CrashFileStore();
    private final Set<String> unreadable = new HashSet<>();
    private final Set<String> undeletable = new HashSet<>();
    private boolean full;
    /** Whether there is no room while one of the orphans is there. */
    private boolean filled;

    private boolean syncsFail;
    private boolean manifestsStay;

    private final FileStore files = new ForwardingFileStore(disk) {
        @Override
        public WritableFile create(String name) throws IOException {
            if (full || filled && (disk.exists(FIRST) || disk.exists(SECOND))) {
                throw new IOException("No space left on device");
            }
            return super.create(name);
        }

        @Override
        public ReadableFile open(String name) throws IOException {
            if (unreadable.contains(name)) {
                throw new IOException("Cannot read " + name);
            }
            return super.open(name);
        }

        @Override
        public void delete(String name) throws IOException {
            if (undeletable.contains(name) || manifestsStay && name.startsWith("MANIFEST")) {
                throw new IOException("Cannot delete " + name);
            }
            super.delete(name);
        }

        @Override
        public void syncDirectory() throws IOException {
            if (syncsFail) {
                throw new IOException("Cannot sync the directory");
            }
            super.syncDirectory();
        }
    };

    private final SteppedEnvironment first = new SteppedEnvironment(2 << 20, new Random(1));
    private final SteppedEnvironment second = new SteppedEnvironment(2 << 20, new Random(2));

    @BeforeEach
    void orphans() throws IOException {
        try (Store store = first.open(files, options("old"))) {
            store.put(KEY, KEY);
            store.commitDurably(new byte[] {1});
        }
        disk.create(FIRST).close();
        disk.create(SECOND).close();
    }

    @AfterEach
    void close() {
        first.close();
        second.close();
    }

    private static StoreOptions.Builder options(String... keys) {
        return StoreOptions.builder().encryption(TestKeys.provider(keys));
    }

    @Test
    void oneThatCannotBeDeletedKeepsNeitherTheStoreNorTheOthers() {
        full = true;
        undeletable.add(FIRST);
        Store store = openToRead("old", "Cannot delete " + FIRST);
        assertThat(disk.list()).contains(FIRST).doesNotContain(SECOND);
        undeletable.clear();
        resume(store);
    }

    @Test
    void noneIsDeletedWhereAReplacedManifestCannotBeRead() throws IOException {
        unreadable.add(replaced("old"));
        full = true;
        Store store = openToRead("old", "Cannot read MANIFEST");
        assertThat(disk.list()).contains(FIRST, SECOND);
        resume(store);
    }

    @Test
    void noneIsDeletedWhereOneIsDamaged() throws IOException {
        String replaced = replaced("old");
        disk.damage(replaced, disk.size(replaced) - 1);
        full = true;
        Store store = openToRead("old", "Corrupt file " + replaced);
        assertThat(disk.list()).contains(FIRST, SECOND);
        resume(store);
    }

    /** The store said that it needs it no more. */
    @Test
    void noneIsDeletedWhereTheKeyOfOneWasRetired() throws IOException {
        replaced("new", "old");
        full = true;
        Store store = openToRead("new", "needs key \"old\"");
        assertThat(disk.list()).contains(FIRST, SECOND);
        resume(store);
    }

    @Test
    void oneThatCouldNotBeDeletedIsTriedAgainByAResume() {
        filled = true;
        undeletable.addAll(List.of(FIRST, SECOND));
        Store store = openToRead("old", "Cannot delete " + FIRST);
        assertThatThrownBy(store::resume)
                .isInstanceOf(ReadOnlyStoreException.class)
                .hasMessageContaining("No space left on device");
        undeletable.remove(SECOND);
        assertThatThrownBy(store::resume).isInstanceOf(ReadOnlyStoreException.class);
        assertThat(disk.list()).contains(FIRST).doesNotContain(SECOND);
        undeletable.clear();
        store.resume();
        goOn(store);
    }

    @Test
    void oneThatCouldNotBeDeletedIsTriedAgainByTheStoreItself() {
        filled = true;
        undeletable.add(FIRST);
        Store store = openToRead("old", "Cannot delete " + FIRST);
        tryByItself();
        assertThat(store.statistics().readOnlyCause()).contains("No space left on device");
        undeletable.clear();
        tryByItself();
        assertThat(store.statistics().readOnlyCause()).isNull();
        goOn(store);
    }

    @Test
    void oneThatCouldNotBeDeletedIsTriedAgainByTheClose() {
        filled = true;
        undeletable.add(FIRST);
        Store store = openToRead("old", "Cannot delete " + FIRST);
        undeletable.clear();
        store.close();
        assertThat(disk.list()).doesNotContain(FIRST, SECOND);
        assertThat(manifests()).hasSize(1);
    }

    @Test
    void manifestsThatCouldNotBeReadAreReadAgain() throws IOException {
        unreadable.add(replaced("old"));
        filled = true;
        Store store = openToRead("old", "Cannot read MANIFEST");
        assertThat(disk.list()).contains(FIRST, SECOND);
        unreadable.clear();
        store.resume();
        goOn(store);
    }

    @Test
    void aDirectoryThatCouldNotBeSyncedIsSyncedAgain() {
        filled = true;
        syncsFail = true;
        Store store = openToRead("old", "Cannot sync the directory");
        assertThat(disk.list()).contains(FIRST, SECOND);
        syncsFail = false;
        store.resume();
        goOn(store);
    }

    private void tryByItself() {
        second.clock.advance(60_000_000_000L);
        second.executor.drain();
    }

    /**
     * Opens the store once more and leaves the manifest that this replaces, as a failure does, or a power loss behind the deletion.
     *
     * @return its name
     */
    private String replaced(String... keys) throws IOException {
        String manifest = manifests().get(0);
        manifestsStay = true;
        try (Store store = first.open(files, options(keys))) {
            store.compact();
            assertThat(store.encryptionKeyIds()).containsExactly(keys[0]);
        }
        manifestsStay = false;
        first.executor.drain();
        assertThat(manifests()).contains(manifest).hasSizeGreaterThan(1);
        disk.create(FIRST).close();
        disk.create(SECOND).close();
        return manifest;
    }

    private Store openToRead(String key, String why) {
        Store store = second.open(files, options(key));
        assertThat(store.get(KEY)).isEqualTo(KEY);
        assertThat(store.statistics().readOnlyCause()).contains("No space left on device");
        assertThatThrownBy(store::durablePayload)
                .isInstanceOf(ReadOnlyStoreException.class)
                .hasRootCauseMessage("No space left on device")
                .satisfies(e -> assertThat(e.getCause().getSuppressed())
                        .singleElement()
                        .satisfies(failure -> assertThat(failure).hasMessageContaining(why)));
        return store;
    }

    /** What was left is deleted as soon as there is room. */
    private void resume(Store store) {
        full = false;
        store.resume();
        goOn(store);
    }

    private void goOn(Store store) {
        assertThat(store.durablePayload()).containsExactly(1);
        second.executor.drain();
        assertThat(disk.list()).doesNotContain(FIRST, SECOND);
        assertThat(manifests()).hasSize(1);
        store.put(KEY, new byte[] {2});
        store.commitDurably(new byte[] {2});
        store.close();
    }

    private List<String> manifests() {
        return disk.list().stream().filter(name -> name.startsWith("MANIFEST")).toList();
    }
}
