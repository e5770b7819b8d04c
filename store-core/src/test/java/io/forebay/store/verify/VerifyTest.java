package io.forebay.store.verify;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Checkpoint;
import io.forebay.store.CorruptionException;
import io.forebay.store.Durability;
import io.forebay.store.EncryptionException;
import io.forebay.store.EnvironmentStatistics;
import io.forebay.store.KeyProvider;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.ReadableFile;
import io.forebay.store.RestoreSource;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreLockedException;
import io.forebay.store.StoreOptions;
import io.forebay.store.StoreStatistics;
import io.forebay.store.VerificationReport;
import io.forebay.store.VerificationReport.Finding;
import io.forebay.store.VerificationReport.VerifiedFile;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import io.forebay.store.testing.TestKeys;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** A store that is as it was written verifies clean; whatever is not gets a finding of its own. */
class VerifyTest {
    private static final byte[] NONE = {};

    private final CrashFileStore files = new CrashFileStore();
    private final SteppedEnvironment stepped = new SteppedEnvironment();

    private static StoreOptions.Builder options() {
        return StoreOptions.builder()
                .memtableBytes(8 << 10)
                .blockBytes(256)
                .targetFileBytes(4 << 10)
                .mergeFunction(MergeFunction.append((byte) ','));
    }

    private Store open() {
        return stepped.open(files, options());
    }

    private static byte[] key(int i) {
        return String.format("key%06d", i).getBytes(UTF_8);
    }

    /** Several runs, some in the bottom, with deletes, merges, range deletes, and an ingested one. */
    private void fill(Store store) {
        for (int round = 0; round < 4; round++) {
            for (int i = 0; i < 600; i++) {
                byte[] key = key(i * 7 % 1000);
                switch (i % 10) {
                    case 0 -> store.delete(key);
                    case 1, 2 -> store.merge(key, ("m" + round).getBytes(UTF_8));
                    default -> store.put(key, ("value " + round + " of " + i).getBytes(UTF_8));
                }
            }
            store.deleteRange(key(100 * round), key(100 * round + 20));
            store.commitDurably(("round " + round).getBytes(UTF_8));
            if (round == 1) {
                store.compact();
            }
            if (round == 2) {
                try (SortedIngest ingest = store.ingest()) {
                    for (int i = 300; i < 400; i++) {
                        ingest.add(key(i), ("ingested " + i).getBytes(UTF_8));
                    }
                    ingest.finish();
                }
            }
        }
        stepped.executor.drain(); // what compactions have made obsolete is deleted
    }

    private Set<String> tables() {
        Set<String> names = new TreeSet<>(files.list());
        names.removeIf(name -> !name.endsWith(".sst"));
        return names;
    }

    private String manifest() {
        return files.list().stream()
                .filter(name -> name.startsWith("MANIFEST"))
                .findFirst()
                .orElseThrow();
    }

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
            assertThat(report.bytes()).isGreaterThan(20_000);
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

    /** As an open refuses it. */
    @Test
    void aWriteAheadLogOfAStoreWithoutOne() throws IOException {
        CrashFileStore other = new CrashFileStore();
        try (Store logged = stepped.open(other, options().durability(Durability.SYNCED))) {
            logged.put(key(1), key(1));
        }
        try (Store store = open()) {
            store.put(key(2), key(2));
            store.commitDurably(NONE);
        }
        String log = other.list().stream()
                .filter(name -> name.startsWith("WAL-"))
                .findFirst()
                .orElseThrow();
        files.linkFrom(other, log);
        assertThat(stepped.environment.verify(files, null).findings())
                .singleElement()
                .satisfies(finding -> assertThat(finding.file()).isEqualTo(log));
        assertThatThrownBy(this::open).isInstanceOf(CorruptionException.class);
    }

    @Test
    void damageIsNamedAndTheOtherFilesAreStillLookedAt() {
        try (Store store = open()) {
            fill(store);
            List<String> damaged = new ArrayList<>(tables()).subList(0, 2);
            damaged.forEach(name -> files.damage(name, 100));
            VerificationReport report = store.verify();
            assertThat(report.isClean()).isFalse();
            assertThat(report.findings()).extracting(Finding::file).containsExactlyInAnyOrderElementsOf(damaged);
            assertThat(report.findings()).allSatisfy(finding -> {
                assertThat(finding.offset()).isBetween(0L, 100L);
                assertThat(finding.expected()).startsWith("checksum");
            });
            assertThat(report.files().stream().filter(VerifiedFile::isClean))
                    .hasSize(report.files().size() - 2);
            assertThat(report.toString()).contains("2 of " + report.files().size() + " files damaged", damaged.get(0));
        }
    }

    @Test
    void everyByteOfEveryFileIsLookedAt() {
        try (Store store = open()) {
            for (int i = 0; i < 50; i++) {
                store.put(key(i), key(i));
            }
            store.deleteRange(key(5), key(9));
            store.commitDurably(NONE);
            for (String name : files.list()) {
                for (long at = 0; at < files.size(name); at++) {
                    files.damage(name, at);
                    assertThat(store.verify().isClean())
                            .as("%s at %d", name, at)
                            .isFalse();
                    files.damage(name, at); // the same bit again
                }
            }
            assertThat(store.verify().isClean()).isTrue();
        }
    }

    @Test
    void missingCutAndForeignFiles() throws IOException {
        try (Store store = open()) {
            fill(store);
            List<String> tables = new ArrayList<>(tables());
            files.delete(tables.get(0));
            write("notes.txt", 3);
            write("0123456789abcdef0123456789abcdef.sst", 3);
            write("MANIFEST-0000000000000000", 0);
            VerificationReport report = store.verify();
            assertThat(report.findings()).singleElement().satisfies(finding -> {
                assertThat(finding.file()).isEqualTo(tables.get(0));
                assertThat(finding.found()).isEqualTo("no such file");
            });
            assertThat(report.remarks())
                    .anySatisfy(remark -> assertThat(remark).contains("notes.txt"))
                    .anySatisfy(remark -> assertThat(remark).contains("0123456789abcdef0123456789abcdef.sst"))
                    .anySatisfy(remark -> assertThat(remark).contains("MANIFEST-0000000000000000"))
                    .hasSize(3);
        }
    }

    private void write(String name, int bytes) throws IOException {
        try (WritableFile file = files.create(name)) {
            file.append(ByteBuffer.allocate(bytes));
        }
    }

    @Test
    void aManifestThatIsGoneOrSaysSomethingElse() throws IOException {
        try (Store store = open()) {
            fill(store);
            String manifest = manifest();
            // that of an empty store, under a higher number
            CrashFileStore empty = new CrashFileStore();
            stepped.open(empty).close();
            byte[] other = new byte[(int) empty.size("MANIFEST-0000000000000001")];
            try (ReadableFile file = empty.open("MANIFEST-0000000000000001")) {
                file.read(0, ByteBuffer.wrap(other));
            }
            try (WritableFile file = files.create("MANIFEST-0000000000000099")) {
                file.append(ByteBuffer.wrap(other));
            }
            assertThat(store.verify().findings())
                    .isNotEmpty()
                    .allSatisfy(finding -> assertThat(finding.file()).isEqualTo("MANIFEST-0000000000000099"));
            files.delete("MANIFEST-0000000000000099");
            assertThat(store.verify().isClean()).isTrue();
            files.delete(manifest);
            assertThat(store.verify().findings())
                    .singleElement()
                    .satisfies(finding -> assertThat(finding.expected()).isEqualTo("a manifest"));
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
