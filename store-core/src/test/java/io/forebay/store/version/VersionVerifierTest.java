package io.forebay.store.version;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CorruptionException;
import io.forebay.store.ReadableFile;
import io.forebay.store.VerificationReport.Finding;
import io.forebay.store.VerificationReport.VerifiedFile;
import io.forebay.store.WritableFile;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.sst.EventTimes;
import io.forebay.store.sst.Expiry;
import io.forebay.store.sst.SstProperties;
import io.forebay.store.sst.SstWriter;
import io.forebay.store.sst.Superseded;
import io.forebay.store.sst.TailSizes;
import io.forebay.store.values.ValueFileWriter;
import io.forebay.store.values.ValueReference;
import io.forebay.store.values.ValueShare;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What must hold between the files of a version, whole as each of them may be. */
class VersionVerifierTest {
    private final MemoryFileStore files = new MemoryFileStore();
    private VersionFixture store;
    private int number;

    @BeforeEach
    void open() throws IOException {
        store = VersionFixture.open(files);
    }

    @AfterEach
    void close() throws IOException {
        store.close();
    }

    /** A file with these entries, each a letter and a sequence number, and maybe a range delete from a to z. */
    private FileMeta file(long deleteAt, String... entries) throws IOException {
        FileId id = new FileId(1, ++number);
        SstWriter writer = new SstWriter(files.create(id.name()), id.name(), 4096, 10, 7);
        for (String entry : entries) {
            byte[] key = VersionFixture.key(entry.substring(0, 1));
            long sequence = Long.parseLong(entry.substring(1));
            writer.add(key, 0, key.length, sequence, ValueKind.PUT, key, 0, key.length);
            if (deleteAt > sequence) {
                writer.covered();
            }
        }
        if (deleteAt > 0) {
            writer.addTombstone(new Fragment(VersionFixture.key("a"), VersionFixture.key("z"), new long[] {deleteAt}));
        }
        SstProperties properties = writer.finish();
        return new FileMeta(
                id,
                new SstInfo(
                        properties.fileBytes(),
                        properties.minSequence(),
                        properties.maxSequence(),
                        properties.entries(),
                        properties.pointDeletes(),
                        properties.rangeDeletes(),
                        7,
                        null),
                properties.range(),
                false,
                -1,
                store.registry.acquire(id, properties.fileBytes()));
    }

    private List<Finding> verify(FileMeta upper, FileMeta lower) throws IOException {
        store.apply(new VersionEdit()
                .lastSequence(100)
                .commit(100, new byte[0])
                .add(5, upper)
                .add(0, lower));
        return verify();
    }

    private List<Finding> verify() throws IOException {
        Version version = store.set.current();
        try {
            List<Finding> findings = new ArrayList<>();
            VersionVerifier verifier =
                    new VersionVerifier(version, store.registry, store.set.lastSequence(), "the manifest", () -> false);
            for (FileReport report : verifier.verify()) {
                VerifiedFile file = report.finish();
                findings.addAll(file.findings());
            }
            return findings;
        } finally {
            version.release();
        }
    }

    @Test
    void newerAboveOlder() throws IOException {
        assertThat(verify(file(0, "k7"), file(0, "k3"))).isEmpty();
    }

    @Test
    void olderAboveNewer() throws IOException {
        assertThat(verify(file(0, "b9", "k3"), file(0, "k7"))).singleElement().satisfies(finding -> {
            assertThat(finding.file()).isEqualTo(new FileId(1, 1).name());
            assertThat(finding.expected()).contains("newer than sequence number 7 of key 6b");
            assertThat(finding.found()).isEqualTo("sequence number 3");
        });
    }

    @Test
    void theOldestVersionAboveCounts() throws IOException {
        assertThat(verify(file(0, "k9", "k8", "k5"), file(0, "k5"))).hasSize(1);
    }

    @Test
    void filesThatOverlapAndShareNoKeyMayBeOfAnyAge() throws IOException {
        assertThat(verify(file(0, "a3", "m9"), file(0, "k5"))).isEmpty();
    }

    @Test
    void aRangeDeleteAboveIsNewerThanWhatItCovers() throws IOException {
        assertThat(verify(file(4), file(0, "k5")))
                .singleElement()
                .satisfies(finding -> assertThat(finding.found()).isEqualTo("sequence number 4"));
    }

    @Test
    void aRangeDeleteBelowIsOlderThanWhatItCovers() throws IOException {
        assertThat(verify(file(0, "k5"), file(6, "b1"))).hasSize(1);
    }

    @Test
    void rangeDeletesOfTheRightAge() throws IOException {
        assertThat(verify(file(6, "b9"), file(4, "k5"))).isEmpty();
    }

    /** Its only value is at offset 8. */
    private ValueShare valueFile() throws IOException {
        String name = new FileId(0, 9).valueFileName();
        ValueFileWriter writer = new ValueFileWriter(files.create(name), name, null, 0, 9, 7);
        writer.add(new byte[] {1, 2, 3}, 0, 3);
        long bytes = writer.storedBytes(3);
        long fileBytes = writer.finish();
        return new ValueShare(0, 9, fileBytes, fileBytes - bytes, bytes, null);
    }

    /**
     * An SST with a reference to that value.
     *
     * @param own what the SST says about the value file
     * @param listed what the manifest will say
     */
    private FileMeta fileWithValue(ValueShare own, ValueShare listed) throws IOException {
        FileId id = new FileId(1, ++number);
        SstWriter writer = new SstWriter(files.create(id.name()), id.name(), 4096, 10, 7);
        byte[] key = VersionFixture.key("k");
        writer.addReference(key, 0, key.length, 5, new ValueReference(0, 8, 3));
        writer.valueFiles(List.of(own));
        SstProperties properties = writer.finish();
        SstInfo info = new SstInfo(
                properties.fileBytes(), 5, 5, 1, 0, 0, 7, null, null, null, -1, null, List.of(listed), null);
        return new FileMeta(id, info, properties.range(), false, -1, store.registry.acquire(id, info));
    }

    private List<Finding> verifyWithDamageAt(int offset) throws IOException {
        ValueShare share = valueFile();
        String name = new FileId(0, 9).valueFileName();
        byte[] bytes = new byte[(int) share.fileBytes()];
        try (ReadableFile file = files.open(name)) {
            file.read(0, ByteBuffer.wrap(bytes));
        }
        files.delete(name);
        bytes[offset]++;
        try (WritableFile file = files.create(name)) {
            file.append(ByteBuffer.wrap(bytes));
        }
        return verify(file(0, "k7"), fileWithValue(share, share));
    }

    @Test
    void valuesAreRead() throws IOException {
        assertThat(verifyWithDamageAt(9)).singleElement().satisfies(finding -> {
            assertThat(finding.file()).isEqualTo(new FileId(0, 9).valueFileName());
            assertThat(finding.offset()).isEqualTo(8);
        });
    }

    /** No value is there, so no read would find it. */
    @Test
    void theFrontOfAValueFileIsChecked() throws IOException {
        assertThat(verifyWithDamageAt(2)).singleElement().satisfies(finding -> {
            assertThat(finding.file()).isEqualTo(new FileId(0, 9).valueFileName());
            assertThat(finding.offset()).isZero();
        });
    }

    @Test
    void wholeValueFilesAreClean() throws IOException {
        ValueShare share = valueFile();
        assertThat(verify(file(0, "k7"), fileWithValue(share, share))).isEmpty();
    }

    @Test
    void aValueFileHasTheLengthThatIsListed() throws IOException {
        ValueShare share = valueFile();
        ValueShare lie = new ValueShare(0, 9, share.fileBytes() + 1, share.frameBytes(), share.bytes(), null);
        assertThat(verify(file(0, "k7"), fileWithValue(lie, lie)))
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.file()).isEqualTo(new FileId(0, 9).valueFileName());
                    assertThat(finding.expected()).isEqualTo((share.fileBytes() + 1) + " bytes, as the manifest says");
                });
    }

    @Test
    void aValueFileHasAsManyBytesOfValuesAsAreListed() throws IOException {
        ValueShare share = valueFile();
        ValueShare lie = new ValueShare(0, 9, share.fileBytes(), share.frameBytes() - 1, share.bytes(), null);
        assertThat(verify(file(0, "k7"), fileWithValue(lie, lie)))
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.file()).isEqualTo(new FileId(0, 9).valueFileName());
                    assertThat(finding.expected()).contains((share.frameBytes() - 1) + " bytes beside values");
                });
    }

    /** A reference says a place in the list of its SST. In another list there is another file, or none. */
    @Test
    void anSstIsNotReadWithOtherValueFilesThanItHas() throws IOException {
        FileMeta file = fileWithValue(valueFile(), new ValueShare(0, 8, 50, 40, 7, null));
        assertThatThrownBy(() -> file.file().reader())
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining(file.id().name())
                .hasMessageContaining("as the manifest says");
        file.file().release();
    }

    @Test
    void whatTheManifestSaysOfAFileMustBeTrue() throws IOException {
        FileMeta file = file(0, "a1", "b2", "c3");
        FileMeta lie = new FileMeta(
                file.id(),
                new SstInfo(
                        file.fileBytes() + 1,
                        1,
                        99,
                        4,
                        1,
                        2,
                        7,
                        null,
                        new Expiry("ttl", List.of(new Expiry.Step(5, 1))),
                        new EventTimes(1, 2),
                        3,
                        new TailSizes(1, 2, 3, 4),
                        List.of(new ValueShare(1, 2, 9, 1, 8, null)),
                        new Superseded(9, 8, 7, 1)),
                file.range(),
                false,
                -1,
                file.file());
        store.apply(new VersionEdit().lastSequence(50).commit(100, new byte[0]).add(3, lie));
        assertThat(verify())
                .extracting(Finding::expected)
                .containsExactly(
                        (file.fileBytes() + 1) + " bytes, as the manifest says",
                        "4 entries, as the manifest says",
                        "1 point deletes, as the manifest says",
                        "2 range deletes, as the manifest says",
                        "99 as largest sequence number, as the manifest says",
                        "Expiry[rule=ttl, steps=[Step[untilMillis=5, bytes=1]]] as expiry, as the manifest says",
                        "EventTimes[least=1, greatest=2] as event times, as the manifest says",
                        "TailSizes[filterBytes=1, indexBytes=2, topIndexBytes=3, rangeDeleteBytes=4] as sizes in its tail,"
                                + " as the manifest says",
                        "[ValueShare[high=1, low=2, fileBytes=9, frameBytes=1, bytes=8, keyId=null]] as value files, as the manifest says",
                        "Superseded[allBytes=9, entryBytes=8, valueBytes=7, deleteBytes=1] as superseded, as the manifest says",
                        "3 bytes before its tail, as the manifest says");
    }
}
