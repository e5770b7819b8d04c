package io.forebay.store.version;

import static io.forebay.store.testing.fuzz.FuzzTarget.require;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.fuzz.FuzzTarget;
import io.forebay.store.testing.fuzz.FuzzTests;
import io.forebay.store.util.FormatVersion;
import io.forebay.store.version.manifest.ManifestChecksums;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.params.provider.ArgumentsSource;

/** Edits, and manifests that a store is opened from, as they are and behind the checksums of their records. */
class ManifestFuzzTest extends FuzzTests {
    private static final String NAME = Manifest.name(7);

    static final FuzzTarget EDIT = FuzzTarget.of("edit", ManifestFuzzTest::decodeEdit)
            .seeds(VersionEditCodec.encode(VersionEditCodecTest.sample()), VersionEditCodec.encode(state()));
    static final FuzzTarget MANIFEST = FuzzTarget.of("manifest", ManifestFuzzTest::recover)
            .seeds(manifest())
            .allocates(2 << 20, 128);
    static final FuzzTarget MANIFEST_BEHIND_CHECKSUMS = FuzzTarget.of(
                    "manifestBehindChecksums", ManifestFuzzTest::recoverRepaired)
            .seeds(manifest())
            .allocates(2 << 20, 128);

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void edit(byte[] input) {
        EDIT.accept(input);
    }

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void manifest(byte[] input) {
        MANIFEST.accept(input);
    }

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void manifestBehindChecksums(byte[] input) {
        MANIFEST_BEHIND_CHECKSUMS.accept(input);
    }

    private static void decodeEdit(byte[] input) {
        VersionEdit edit = VersionEditCodec.decode(input, NAME, 0);
        byte[] bytes = VersionEditCodec.encode(edit);
        // The same field twice, or fields in another order, are no damage; but what was read must be what is written.
        byte[] again = VersionEditCodec.encode(VersionEditCodec.decode(bytes, NAME, 0));
        require(Arrays.equals(bytes, again), "an edit that means the same when it is written again");
        require(bytes.length <= input.length, "nothing that was not there");
    }

    private static void recoverRepaired(byte[] input) throws IOException {
        ManifestChecksums.repair(input);
        recover(input);
    }

    private static void recover(byte[] input) throws IOException {
        MemoryFileStore files = new MemoryFileStore();
        files.putIfAbsent(NAME, input);
        VersionFixture fixture = VersionFixture.open(files);
        Version version = fixture.set.current();
        try {
            long commit = fixture.set.durableCommit().sequence();
            require(
                    commit >= 0 && fixture.set.lastSequence() >= commit,
                    "nothing that was committed is ahead of the store");
            long above = Long.MAX_VALUE;
            for (SortedRun run : version.runs()) {
                require(run.rank() >= 0 && run.rank() < above, "runs from the newest to the oldest");
                above = run.rank();
                checkFiles(run, fixture.set.durableSequence());
            }
            long rank = fixture.set.nextRank();
            require(version.runs().isEmpty() || rank > version.runs().get(0).rank(), "a rank above all in use");
        } finally {
            version.release();
            fixture.close();
        }
    }

    private static void checkFiles(SortedRun run, long durable) {
        FileMeta before = null;
        for (FileMeta file : run.files()) {
            require(file.newestSequence() <= durable, "files that are durable only");
            require(!file.range().isEmpty(), "a file shows something");
            require(before == null || !before.range().overlaps(file.range()), "files of a run do not overlap");
            before = file;
        }
    }

    /** A store after a flush, a commit, a compaction, and a flush that was not committed. */
    private static byte[] manifest() {
        VersionEdit flush = new VersionEdit()
                .add(2, VersionFixture.meta(new FileId(1, 4), "c", "q", 31, 40))
                .commit(40, new byte[] {1, 2, 3})
                .lastSequence(40);
        VersionEdit compaction = new VersionEdit()
                .remove(2, VersionFixture.meta(new FileId(1, 4), "c", "q", 31, 40))
                .add(0, VersionFixture.meta(new FileId(1, 5), "c", "f", 0, 40))
                .add(0, VersionFixture.meta(new FileId(1, 6), "n", null, 0, 40));
        VersionEdit uncommitted = new VersionEdit().add(3, VersionFixture.meta(new FileId(1, 7), "a", null, 41, 50));
        byte[] state = VersionEditCodec.encode(state());
        ByteBuffer header = ByteBuffer.allocate(12 + state.length);
        header.putLong(0x46424D414E494631L).putInt(FormatVersion.CURRENT).put(state);
        return records(
                header.array(),
                VersionEditCodec.encode(flush),
                VersionEditCodec.encode(compaction),
                VersionEditCodec.encode(uncommitted));
    }

    private static VersionEdit state() {
        return new VersionEdit()
                .lastSequence(30)
                .mergeName("append")
                .commit(30, "payload".getBytes(java.nio.charset.StandardCharsets.US_ASCII))
                .add(0, VersionFixture.meta(new FileId(1, 1), "a", "c", 1, 20))
                .add(0, VersionFixture.meta(new FileId(1, 2), "g", "k", 1, 20))
                .add(1, VersionFixture.meta(new FileId(1, 3), "b", null, 21, 30))
                .nextRank(2);
    }

    private static byte[] records(byte[]... payloads) {
        ByteBuffer out = ByteBuffer.allocate(4096);
        for (byte[] payload : payloads) {
            out.putInt(Long.BYTES + payload.length).putInt(0).putLong(7).put(payload);
        }
        byte[] log = Arrays.copyOf(out.array(), out.position());
        ManifestChecksums.repair(log);
        return log;
    }
}
