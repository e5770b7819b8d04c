package io.forebay.store.sst;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.forebay.store.Compression;
import io.forebay.store.CorruptionException;
import io.forebay.store.KeyRange;
import io.forebay.store.ReadableFile;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.ValueKind;
import io.forebay.store.sst.block.BlockSearch;
import io.forebay.store.sst.block.BlockTrailer;
import io.forebay.store.testing.ByteArrayFile;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Blocks of plain files that claim, with right checksums, to be much longer than they are: nobody takes memory for that. */
class ForgedSizeTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int SMALL = 200_000;
    private static final int LARGE = 20 << 20;
    private static final long IN_PROPORTION = 8 << 20;

    private static final byte[] FIRST = {1};
    private static final byte[] SECOND = {2};

    @ParameterizedTest
    @EnumSource(names = {"LZ4", "ZSTD"})
    void aBlockThatClaimsMoreThanThePropertiesAllow(Compression compression) throws IOException {
        byte[] file = write(compression, SMALL);
        byte[] forged = forge(file, 2 * SMALL + 1000);
        refused(forged, FIRST);
        try (SstFixture open = new SstFixture(new ByteArrayFile(forged), "f", 32 << 20)) {
            // by the index alone
            assertThatThrownBy(() -> SstModel.Answer.of(open.reader, SECOND, Long.MAX_VALUE, -1))
                    .hasMessageContaining("a content length");
        }
    }

    /** Another value is that long, so that the properties allow it; the stored bytes do not. */
    @ParameterizedTest
    @EnumSource(names = {"LZ4", "ZSTD"})
    void aBlockThatClaimsMoreThanItsBytesCanHold(Compression compression) throws IOException {
        byte[] file = write(compression, LARGE);
        byte[] forged = forge(file, LARGE);
        refused(forged, FIRST);
        try (SstFixture open = new SstFixture(new ByteArrayFile(forged), "f", 32 << 20)) {
            assertThat(SstModel.Answer.of(open.reader, SECOND, Long.MAX_VALUE, -1)
                            .found())
                    .isTrue();
        }
    }

    private static void refused(byte[] file, byte[] key) throws IOException {
        try (SstFixture open = new SstFixture(new ByteArrayFile(file), "f", 32 << 20)) {
            refused(() -> SstModel.Answer.of(open.reader, key, Long.MAX_VALUE, -1));
            refused(() -> first(open.reader.iterator(KeyRange.all(), -1)));
            refused(() -> first(open.reader.scanIterator(KeyRange.all(), -1)));
        }
        try (ReadableFile verified = new ByteArrayFile(file)) {
            List<String> findings = new ArrayList<>();
            SstVerifier verifier = new SstVerifier(
                    verified,
                    "f",
                    (offset, expected, actual) -> findings.add(expected + " " + actual),
                    ValueCheck.NONE,
                    () -> false);
            verifier.verify(Encryption.NONE, null);
            assertThat(findings).isNotEmpty();
        }
    }

    private interface Reading {
        void run() throws IOException;
    }

    private static void refused(Reading reading) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        assertThatThrownBy(reading::run).isInstanceOf(CorruptionException.class).hasMessageContaining("file f");
        assertThat(THREADS.getCurrentThreadAllocatedBytes() - before).isLessThan(IN_PROPORTION);
    }

    private static void first(InternalIterator iterator) throws IOException {
        try (iterator) {
            iterator.seekToFirst();
        }
    }

    private static byte[] write(Compression compression, int secondBytes) throws IOException {
        MemoryFileStore files = new MemoryFileStore();
        SstWriter writer = new SstWriter(files.create("f"), "f", null, null, compression, 4096, 10, 0);
        byte[] half = new byte[SMALL];
        byte[] noise = new byte[SMALL / 2];
        new Random(1).nextBytes(noise);
        System.arraycopy(noise, 0, half, 0, noise.length);
        writer.add(FIRST, 0, 1, 1, ValueKind.PUT, half, 0, half.length);
        writer.add(SECOND, 0, 1, 1, ValueKind.PUT, new byte[secondBytes], 0, secondBytes);
        writer.finish();
        try (ReadableFile file = files.open("f")) {
            ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
            file.read(0, bytes);
            return bytes.array();
        }
    }

    /** Makes the index claim that the first block has so many bytes of content. */
    private static byte[] forge(byte[] file, int content) throws IOException {
        byte[] forged = file.clone();
        try (ReadableFile open = new ByteArrayFile(file)) {
            TopIndex top = SstMetadata.load(open, "f", Encryption.NONE, null, SstMetadata.UNKNOWN)
                    .top();
            assertThat(top.partitions()).isEqualTo(1);
            Slab slab = new Slab(ByteBuffer.wrap(forged));
            int at = (int) top.indexOffset(0);
            int end = at + top.indexBytes(0) - BlockTrailer.BYTES;
            int place = BlockSearch.valueEnd(slab, at, end, 0) - 2 * Integer.BYTES;
            assertThat(slab.getInt(place)).isGreaterThan(SMALL);
            slab.putInt(place, content);
        }
        Checksums.repair(forged);
        return forged;
    }
}
