package io.forebay.store.version;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.ValueBuffer;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.CrashFileStore;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class FileRegistryTest {
    private final FileId id = new FileId(0, 1);

    @Test
    void aFileIsDeletedWhenItsLastReferenceGoesAndNotBefore() throws IOException {
        VersionFixture store = new VersionFixture(new MemoryFileStore());
        PhysicalFile file = store.create(id, "a", "b", 1).file();
        assertThat(store.registry.acquire(id, 100)).isSameAs(file);
        file.retain();
        assertThat(store.registry.liveFiles()).containsExactly(file);
        file.release();
        file.release();
        store.executor.drain();
        assertThat(store.registry.isLive(id)).isTrue();
        assertThat(store.tables()).containsExactly(1L);
        file.release();
        assertThat(store.registry.isLive(id)).isFalse();
        assertThat(store.tables()).containsExactly(1L);
        store.executor.drain();
        assertThat(store.tables()).isEmpty();
        assertThatThrownBy(file::release).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aValueFileIsDeletedWithTheLastSstThatRefersToItAndNotBefore() throws IOException {
        VersionFixture store = new VersionFixture(new MemoryFileStore());
        PhysicalFile first = store.createWithValues(id, 7, 8);
        PhysicalFile second = store.createWithValues(new FileId(0, 2), 8, 9);
        assertThat(store.registry.acquire(id, 100)).isSameAs(first);
        assertThat(store.registry.liveValueFiles())
                .extracting(file -> file.id().low())
                .containsExactlyInAnyOrder(7L, 8L, 9L);
        first.release();
        store.executor.drain();
        assertThat(store.valueFiles()).as("the SST has a reference").containsExactlyInAnyOrder(7L, 8L, 9L);
        first.release();
        store.executor.drain();
        assertThat(store.tables()).containsExactly(2L);
        assertThat(store.valueFiles()).containsExactlyInAnyOrder(8L, 9L);
        second.release();
        store.executor.drain();
        assertThat(store.valueFiles()).isEmpty();
        assertThat(store.registry.liveValueFiles()).isEmpty();
    }

    /** Otherwise a crash could bring back the edit without the values of its file. */
    @Test
    void valueFilesOfAFileThatTheManifestMayNameStay() throws IOException {
        VersionFixture store = new VersionFixture(new MemoryFileStore());
        PhysicalFile named = store.createWithValues(id, 7);
        PhysicalFile other = store.createWithValues(new FileId(0, 2), 7, 8);
        store.registry.deferDeletion(store.withValues(id, named, 7));
        named.release();
        other.release();
        store.executor.drain();
        assertThat(store.tables()).containsExactly(1L);
        assertThat(store.valueFiles()).containsExactly(7L);
        store.registry.deleteDeferred();
        store.executor.drain();
        assertThat(store.tables()).isEmpty();
        assertThat(store.valueFiles()).isEmpty();
    }

    @Test
    void valueFilesThatNothingRefersToAreOrphans() throws IOException {
        VersionFixture store = new VersionFixture(new MemoryFileStore());
        PhysicalFile wanted = store.createWithValues(id, 7);
        store.createValueFile(9);
        assertThat(Leftovers.describe(store.files, store.registry, "MANIFEST-0000000000000001"))
                .singleElement()
                .asString()
                .startsWith(new FileId(0, 9).valueFileName() + " is no part of the store");
        assertThat(store.registry.deferOrphans()).containsExactly(new FileId(0, 9).valueFileName());
        store.registry.deleteDeferred();
        store.executor.drain();
        assertThat(store.valueFiles()).containsExactly(7L);
        wanted.release();
    }

    @Test
    void aValueFileOfAClosedStoreIsNotReadAgain() throws IOException {
        VersionFixture store = new VersionFixture(new MemoryFileStore());
        store.createWithValues(id, 7);
        PhysicalValueFile values = store.registry.liveValueFiles().get(0);
        store.registry.close();
        store.executor.drain();
        assertThat(store.valueFiles()).containsExactly(7L);
        assertThatThrownBy(() -> values.read(8, 1, new ValueBuffer()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("closed with its store");
    }

    @Test
    void closeFinishesDeletionsAndStartsNoNewOnes() throws IOException {
        VersionFixture store = new VersionFixture(new MemoryFileStore());
        PhysicalFile gone = store.create(id, "a", "b", 1).file();
        PhysicalFile used = store.create(new FileId(0, 2), "a", "b", 1).file();
        gone.release();
        store.registry.close();
        assertThat(store.tables()).containsExactly(2L);
        used.release();
        store.executor.drain();
        store.registry.close();
        assertThat(store.tables()).containsExactly(2L);
    }

    @Test
    void aDeletionThatFailsIsTriedAgain() throws IOException {
        CrashFileStore files = new CrashFileStore();
        VersionFixture store = new VersionFixture(files);
        store.create(id, "a", "b", 1).file().release();
        files.failAfter(1);
        store.executor.drain();
        files.heal();
        assertThat(store.tables()).containsExactly(1L);
        store.registry.retryDeletes();
        store.executor.drain();
        assertThat(store.tables()).isEmpty();
        store.create(id, "a", "b", 1).file().release();
        files.failAfter(1);
        store.executor.drain();
        files.heal();
        store.registry.close();
        assertThat(store.tables()).isEmpty();
    }

    @Test
    void aDeletionThatFailsToTheEndIsLeftToTheNextOpen() throws IOException {
        CrashFileStore files = new CrashFileStore();
        VersionFixture store = new VersionFixture(files);
        PhysicalFile file = store.create(id, "a", "b", 1).file();
        file.release();
        files.failAfter(1);
        store.registry.close();
        files.heal();
        assertThat(store.tables()).containsExactly(1L);
        VersionFixture next = new VersionFixture(files);
        PhysicalFile wanted = next.create(new FileId(0, 2), "a", "b", 1).file();
        assertThat(next.registry.deferOrphans()).containsExactly(id.name());
        next.registry.deleteDeferred();
        next.executor.drain();
        assertThat(next.tables()).containsExactly(2L);
        wanted.release();
    }

    @Test
    void aFileThatCannotBeOpenedCanBeTriedAgain() throws IOException {
        VersionFixture store = new VersionFixture(new MemoryFileStore());
        PhysicalFile file = store.registry.acquire(id, 100);
        assertThatThrownBy(file::reader).hasCauseInstanceOf(java.nio.file.NoSuchFileException.class);
        assertThatThrownBy(file::reader).hasCauseInstanceOf(java.nio.file.NoSuchFileException.class);
        assertThat(store.registry.cacheHits()).isZero();
        file.release();
    }

    @Test
    void aFileOfAClosedStoreIsNotOpenedAgain() throws IOException {
        VersionFixture store = new VersionFixture(new MemoryFileStore());
        PhysicalFile file = store.create(id, "a", "b", 1).file();
        store.registry.close();
        assertThatThrownBy(file::reader).isInstanceOf(IOException.class).hasMessageContaining("closed");
    }
}
