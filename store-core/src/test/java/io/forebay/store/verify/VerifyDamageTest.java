package io.forebay.store.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CorruptionException;
import io.forebay.store.Durability;
import io.forebay.store.ReadableFile;
import io.forebay.store.Store;
import io.forebay.store.VerificationReport;
import io.forebay.store.VerificationReport.Finding;
import io.forebay.store.VerificationReport.VerifiedFile;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.CrashFileStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whatever is not as it was written gets a finding of its own, and hides no other. */
class VerifyDamageTest extends VerifiedStores {
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
}
