package io.forebay.store.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Checkpoint;
import io.forebay.store.Durability;
import io.forebay.store.EncryptionException;
import io.forebay.store.EnvironmentStatistics;
import io.forebay.store.KeyProvider;
import io.forebay.store.KeyRange;
import io.forebay.store.RestoreSource;
import io.forebay.store.Store;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreLockedException;
import io.forebay.store.StoreStatistics;
import io.forebay.store.VerificationReport;
import io.forebay.store.VerificationReport.VerifiedFile;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import io.forebay.store.testing.TestKeys;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A store that is as it was written verifies clean, whatever its options and its life. */
class VerifyTest extends VerifiedStores {
    @Test
    void aNewStoreIsClean() {
        try (Store store = open()) {
            VerificationReport report = store.verify();
            assertThat(report.isClean()).isTrue();
            assertThat(report.files()).extracting(VerifiedFile::name).containsExactly("MANIFEST-0000000000000001");
            assertThat(report.remarks()).isEmpty();
        }
    }

    @Test
    void aStoreWithAllSortsOfFilesIsCleanAndEveryFileIsCounted() {
        try (Store store = open()) {
            fill(store);
            VerificationReport report = store.verify();
            assertThat(report.findings()).isEmpty();
            assertThat(report.isClean()).isTrue();
            assertThat(report.files()).hasSize(1 + store.statistics().liveFiles());
            assertThat(report.entries()).isGreaterThan(500);
            assertThat(report.blocks()).isGreaterThan(50);
            assertThat(report.bytes()).isGreaterThan(15_000);
            assertThat(report.toString()).contains("memory", "clean", report.entries() + " entries");
        }
    }

    @Test
    void ofTheWholeLifeOfAStore() {
        try (Store store = open()) {
            fill(store);
        }
        try (Store store = open()) {
            assertThat(store.verify().findings()).isEmpty(); // nothing was written since the open
            store.put(key(1), key(2));
            store.commitDurably(NONE);
            assertThat(store.verify().findings()).isEmpty();
            store.compact();
            stepped.executor.drain();
            assertThat(store.verify().findings()).isEmpty();
            assertThat(store.verify().remarks()).isEmpty();
        }
        assertThat(stepped.environment.verify(files, null).isClean()).isTrue();
    }

    @Test
    void uncommittedFilesAreLeftOutByAnOpenAndNoDamage() {
        Store store = open();
        fill(store);
        store.put(key(1), key(1));
        store.flush();
        assertThat(store.verify().findings()).isEmpty();
        CrashFileStore left = files.afterKill();
        try (SteppedEnvironment other = new SteppedEnvironment()) {
            VerificationReport offline = other.environment.verify(left, null);
            assertThat(offline.findings()).isEmpty();
            assertThat(offline.remarks()).hasSize(1);
            try (Store reopened = other.open(left, options())) {
                assertThat(reopened.verify().findings()).isEmpty();
            }
        }
    }

    @Test
    void partsOfFilesAfterARescale() throws Exception {
        try (Store store = open()) {
            fill(store);
            try (Checkpoint checkpoint = store.checkpoint(NONE)) {
                stepped.executor.drain();
                CrashFileStore half = new CrashFileStore();
                RestoreSource source = new RestoreSource(files, checkpoint.metadata(), KeyRange.of(key(150), key(620)));
                try (Store restored =
                        stepped.environment.restore(half, options().build(), List.of(source), NONE)) {
                    VerificationReport report = restored.verify();
                    assertThat(report.findings()).isEmpty();
                    assertThat(report.files()).hasSizeGreaterThan(1);
                }
            }
        }
    }

    @Test
    void anEncryptedStore() {
        KeyProvider keys = TestKeys.provider("k");
        try (Store store = stepped.open(files, options().encryption(keys).encryptedOnly(true))) {
            fill(store);
            assertThat(store.verify().findings()).isEmpty();
            assertThat(store.verify().entries()).isGreaterThan(500);
        }
        assertThat(stepped.environment.verify(files, keys).findings()).isEmpty();
        assertThatThrownBy(() -> stepped.environment.verify(files, null)).isInstanceOf(EncryptionException.class);
        String damaged = tables().iterator().next();
        files.damage(damaged, 50);
        assertThat(stepped.environment.verify(files, keys).findings())
                .singleElement()
                .satisfies(finding -> assertThat(finding.file()).isEqualTo(damaged));
    }

    @Test
    void aWriteAheadLog() {
        try (Store store = stepped.open(files, options().durability(Durability.BUFFERED))) {
            fill(store);
            for (int i = 0; i < 20; i++) {
                store.put(key(i), key(i));
            }
            VerificationReport report = store.verify();
            assertThat(report.findings()).isEmpty();
            assertThat(report.files())
                    .filteredOn(file -> file.name().equals("WAL"))
                    .singleElement()
                    .satisfies(log -> assertThat(log.entries()).isGreaterThanOrEqualTo(20));
            CrashFileStore left = files.afterKill();
            try (SteppedEnvironment other = new SteppedEnvironment()) {
                assertThat(other.environment.verify(left, null).findings()).isEmpty();
                String log = left.list().stream()
                        .filter(name -> name.startsWith("WAL-"))
                        .reduce((first, second) -> second)
                        .orElseThrow();
                left.damage(log, 60);
                assertThat(other.environment.verify(left, null).findings())
                        .singleElement()
                        .satisfies(finding -> assertThat(finding.file()).isEqualTo(log));
            }
        }
        try (Store store = open()) {
            assertThat(store.verify().findings()).isEmpty();
        }
    }

    @Test
    void aDirectoryThatIsNotOpen() {
        assertThatThrownBy(() -> stepped.environment.verify(files, null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no store");
        assertThat(files.list()).isEmpty();
        try (Store store = open()) {
            fill(store);
            assertThatThrownBy(() -> stepped.environment.verify(files, null)).isInstanceOf(StoreLockedException.class);
        }
        List<String> before = files.list();
        long syncs = files.syncs();
        assertThat(stepped.environment.verify(files, null).isClean()).isTrue();
        stepped.executor.drain();
        assertThat(files.list()).isEqualTo(before);
        assertThat(files.syncs()).isEqualTo(syncs);
        files.damage(tables().iterator().next(), 10);
        assertThat(stepped.environment.verify(files, null).findings()).hasSize(1);
        String manifest = manifest();
        files.damage(manifest, 30);
        assertThat(stepped.environment.verify(files, null).findings())
                .singleElement()
                .satisfies(finding -> assertThat(finding.file()).isEqualTo(manifest));
        assertThat(files.openReaders()).isZero();
    }

    @Test
    void readersFindTheirCacheAsItWasAndMemoryStaysInTheBudget() {
        try (Store store = open()) {
            fill(store);
            store.get(key(5));
            StoreStatistics before = store.statistics();
            EnvironmentStatistics memory = stepped.environment.statistics();
            assertThat(store.verify().isClean()).isTrue();
            StoreStatistics after = store.statistics();
            assertThat(after.blockCacheMisses()).isEqualTo(before.blockCacheMisses());
            assertThat(after.blockCacheHits()).isEqualTo(before.blockCacheHits());
            assertThat(stepped.environment.statistics().memoryUsed()).isEqualTo(memory.memoryUsed());
        }
        assertThat(files.openReaders()).isZero();
    }

    @Test
    void anInterruptEndsItAndIsKept() {
        try (Store store = open()) {
            fill(store);
            Thread.currentThread().interrupt();
            VerificationReport report = store.verify();
            assertThat(Thread.interrupted()).isTrue();
            assertThat(report.complete()).isFalse();
            assertThat(report.isClean()).isFalse();
            assertThat(report.toString()).contains("interrupted");
            assertThat(store.verify().isClean()).isTrue();
        }
    }

    @Test
    void aClosedStoreIsNotVerified() {
        Store store = open();
        store.close();
        assertThatThrownBy(store::verify).isInstanceOf(StoreClosedException.class);
    }
}
