package io.forebay.store.version;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.FormatTooNewException;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.values.ValueShare;
import java.io.IOException;
import java.util.List;
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

    /** A registry that does not count value files would delete them. */
    @Test
    void aFileWithValuesInOtherFilesIsRefusedByName() {
        VersionFixture store = new VersionFixture(new MemoryFileStore());
        List<ValueShare> values = List.of(new ValueShare(1, 2, 50, 40, null));
        SstInfo info = new SstInfo(100, 1, 1, 1, 0, 0, 0, null, null, null, -1, null, values);
        assertThatThrownBy(() -> store.registry.acquire(id, info))
                .isInstanceOf(FormatTooNewException.class)
                .hasMessageContaining("File " + id)
                .hasMessageContaining("has values in 1 other files");
        assertThat(store.registry.isLive(id)).isFalse();
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
