package io.forebay.store.sst;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Compression;
import io.forebay.store.KeyRange;
import io.forebay.store.ReadableFile;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.testing.ByteArrayFile;
import io.forebay.store.testing.GoldenBytes;
import io.forebay.store.values.ValueReference;
import io.forebay.store.values.ValueShare;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The bytes of files do not change within a format version. The first one is taken apart in docs/format/sst.md. */
class SstFormatTest {
    enum Golden {
        /** Two entries and nothing else. */
        SMALLEST(
                Compression.NONE,
                4096,
                0,
                new SstModel(
                        List.of(
                                Entry.of("apple", 7, ValueKind.PUT, "red"),
                                Entry.of("apricot", 5, ValueKind.DELETE, "")),
                        List.of())),
        /** All kinds of entries and blocks, zero sequences, versions of a key across blocks, an empty key and value. */
        ALL_PARTS(Compression.NONE, 128, 10, allParts()),
        LZ4(Compression.LZ4, 256, 10, allParts()),
        ZSTD(Compression.ZSTD, 256, 10, allParts()),
        /** No entry. */
        RANGE_DELETES(
                Compression.NONE,
                4096,
                10,
                new SstModel(
                        List.of(),
                        List.of(
                                Entry.fragment("a", "c", 9, 4),
                                Entry.fragment("c", "d", 9),
                                Entry.fragment("x", null, 300))));

        final Compression compression;
        final int blockBytes;
        final int bits;
        final SstModel model;

        Golden(Compression compression, int blockBytes, int bits, SstModel model) {
            this.compression = compression;
            this.blockBytes = blockBytes;
            this.bits = bits;
            this.model = model;
        }

        private static SstModel allParts() {
            List<Entry> entries = new ArrayList<>();
            entries.add(Entry.of("", 300, ValueKind.PUT, "empty key"));
            entries.add(Entry.of("k", 299, ValueKind.PUT, ""));
            for (int i = 0; i < 12; i++) {
                entries.add(Entry.of("key/" + (char) ('a' + i), 200 + i * 1000L, ValueKind.MERGE, "operand " + i));
                entries.add(Entry.of("key/" + (char) ('a' + i), 100 + i, ValueKind.DELETE, ""));
                entries.add(Entry.of("key/" + (char) ('a' + i), 0, ValueKind.PUT, "base"));
            }
            for (String row : List.of("a, row 1", "a, row 2", "b, row 1", "b, row 2")) {
                entries.add(Entry.of("map " + row, 7, ValueKind.PUT, "in a block with gathered heads"));
            }
            for (int i = 0; i < 9; i++) {
                entries.add(Entry.of("versions", 90_000_000_000L - i, ValueKind.PUT, "a value of twenty by"));
            }
            return new SstModel(
                    entries, List.of(Entry.fragment("key/c", "key/f", 150), Entry.fragment("key/e", "zz", 120)));
        }
    }

    @ParameterizedTest
    @EnumSource
    void bytesAreAsEver(Golden golden) {
        GoldenBytes.verify(name(golden), golden.model.bytes(golden.compression, golden.blockBytes, golden.bits));
    }

    @ParameterizedTest
    @EnumSource
    void filesOfOldCanBeRead(Golden golden) throws IOException {
        byte[] bytes = GoldenBytes.read(name(golden));
        try (SstFixture open = new SstFixture(new ByteArrayFile(bytes), name(golden), 4 << 20);
                InternalIterator iterator = open.reader.iterator(KeyRange.all(), -1)) {
            assertThat(SstRoundTripTest.forward(iterator)).isEqualTo(golden.model.entries);
            for (Entry entry : golden.model.entries) {
                assertThat(SstModel.Answer.of(open.reader, entry.key(), entry.sequence(), -1))
                        .isEqualTo(golden.model.get(entry.key(), entry.sequence(), -1));
            }
            for (Fragment fragment : golden.model.tombstones) {
                assertThat(open.reader.tombstones().covering(fragment.start(), 0, fragment.start().length))
                        .isNotNull();
            }
            assertThat(open.reader.properties().creationMillis()).isEqualTo(1234);
        }
    }

    /** One value in the file, and one in each of two value files. */
    private static byte[] withReferences() throws IOException {
        MemoryFileStore files = new MemoryFileStore();
        SstWriter writer = new SstWriter(files.create("f"), "f", 4096, 0, 1234);
        writer.addReference(new byte[] {'a'}, 0, 1, 9, new ValueReference(0, 8, 1000));
        writer.add(new byte[] {'b'}, 0, 1, 8, ValueKind.PUT, new byte[] {'x'}, 0, 1);
        writer.addReference(new byte[] {'c'}, 0, 1, 0, new ValueReference(1, 1L << 30, 300));
        writer.valueFiles(List.of(
                new ValueShare(1, 2, 1100, 60, 1004, null), new ValueShare(1, 3, (1L << 30) + 400, 70, 316, "key")));
        int length = (int) writer.finish().fileBytes();
        byte[] bytes = new byte[length];
        try (ReadableFile file = files.open("f")) {
            file.read(0, ByteBuffer.wrap(bytes));
        }
        return bytes;
    }

    @Test
    void bytesOfReferencesAreAsEver() throws IOException {
        GoldenBytes.verify("sst-v2-references", withReferences());
        try (SstFixture open = new SstFixture(
                        new ByteArrayFile(GoldenBytes.read("sst-v2-references")), "references", 4 << 20);
                InternalIterator iterator = open.reader.iterator(KeyRange.all(), -1)) {
            List<Integer> lengths = new ArrayList<>();
            for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                assertThat(iterator.kind()).isEqualTo(ValueKind.PUT);
                lengths.add(iterator.valueLength());
            }
            assertThat(lengths).containsExactly(1000, 1, 300);
            assertThat(open.reader.properties().valueFiles())
                    .extracting(ValueShare::bytes)
                    .containsExactly(1004L, 316L);
        }
    }

    private static String name(Golden golden) {
        return "sst-v2-" + golden.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
