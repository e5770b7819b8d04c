package io.forebay.store.sst;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Compression;
import io.forebay.store.KeyRange;
import io.forebay.store.WritableFile;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.KeyText;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SstWriterTest {
    private static final Expiry EXPIRY = new Expiry("ttl", List.of(new Expiry.Step(5, 3), new Expiry.Step(9, 5)));

    private final MemoryFileStore files = new MemoryFileStore();

    @ParameterizedTest
    @CsvSource({"b, 5, a, 9", "b, 5, b, 5", "b, 5, b, 6", "bb, 5, b, 4", "b, 5, '', 4"})
    void refusesEntriesOutOfOrderAndNamesBoth(String first, long firstSequence, String second, long secondSequence)
            throws IOException {
        SstWriter writer = writer("f");
        add(writer, Entry.of(first, firstSequence, ValueKind.PUT, "x"));
        assertThatThrownBy(() -> add(writer, Entry.of(second, secondSequence, ValueKind.PUT, "x")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("SST f")
                .hasMessageContaining("Key " + hex(second) + " at sequence " + secondSequence)
                .hasMessageContaining("key " + hex(first) + " at sequence " + firstSequence);
        writer.abandon();
    }

    @Test
    void refusesUnknownKinds() throws IOException {
        SstWriter writer = writer("f");
        assertThatThrownBy(() -> add(writer, Entry.of("a", 1, (byte) 4, "x")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("kind 4");
        assertThat(writer.isEmpty()).isTrue();
        writer.abandon();
    }

    @Test
    void refusesSizesOutOfRange() throws IOException {
        WritableFile file = files.create("f");
        for (int blockBytes : new int[] {127, 65537}) {
            assertThatThrownBy(() -> new SstWriter(file, "f", blockBytes, 10, 0))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        for (int bits : new int[] {-1, 33}) {
            assertThatThrownBy(() -> new SstWriter(file, "f", 4096, bits, 0))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void nothingCannotBeFinished() throws IOException {
        SstWriter writer = writer("f");
        assertThatThrownBy(writer::finish).isInstanceOf(IllegalStateException.class);
        writer.abandon();
        writer.abandon();
        assertThatThrownBy(() -> add(writer, Entry.of("a", 1, ValueKind.PUT, "x")))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> writer.addTombstone(Entry.fragment("a", "b", 1)))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aFinishedFileIsSyncedAndClosedOnce() throws IOException {
        List<String> calls = new ArrayList<>();
        WritableFile file = new WritableFile() {
            private long position;

            @Override
            public void append(ByteBuffer bytes) {
                position += bytes.remaining();
                bytes.position(bytes.limit());
            }

            @Override
            public long position() {
                return position;
            }

            @Override
            public void sync() {
                calls.add("sync at " + position);
            }

            @Override
            public void close() {
                calls.add("close");
            }
        };
        SstWriter writer = new SstWriter(file, "f", 4096, 10, 0);
        add(writer, Entry.of("a", 1, ValueKind.PUT, "x"));
        SstProperties properties = writer.finish();
        writer.abandon();
        assertThat(calls).containsExactly("sync at " + properties.fileBytes(), "close");
    }

    @Test
    void propertiesTellWhatIsInTheFile() throws IOException {
        SstWriter writer = new SstWriter(files.create("f"), "f", 256, 10, 77);
        writer.addTombstone(Entry.fragment("d", "h", 50));
        add(writer, Entry.of("b", 9, ValueKind.PUT, "12345"));
        add(writer, Entry.of("c", 8, ValueKind.DELETE, ""));
        add(writer, Entry.of("c", 3, ValueKind.MERGE, "123"));
        writer.addTombstone(Entry.fragment("a", "e", 2));
        writer.expiry(EXPIRY);
        writer.eventTimes(new EventTimes(-5, 5));
        SstProperties properties = writer.finish();
        assertThat(properties)
                .usingRecursiveComparison()
                .isEqualTo(new SstProperties(
                        2,
                        SstModel.bytes(files, "f").length,
                        1,
                        256,
                        6,
                        3,
                        1,
                        1,
                        4, // cut at d and e: [a, d) 2, [d, e) 50 and 2, [e, h) 50
                        3,
                        8,
                        2,
                        50,
                        EXPIRY,
                        new EventTimes(-5, 5),
                        properties.tailOffset(),
                        properties.tailSizes(),
                        List.of(),
                        new Superseded(11, 4, 0, 1),
                        77,
                        Compression.NONE,
                        new byte[] {'b'},
                        new byte[] {'c'},
                        KeyRange.of(new byte[] {'a'}, new byte[] {'h'})));
    }

    @Test
    void theRangeOfEntriesAloneEndsRightBehindTheLastKey() throws IOException {
        SstWriter writer = writer("f");
        add(writer, Entry.of("b", 9, ValueKind.PUT, ""));
        add(writer, Entry.of("x", 9, ValueKind.PUT, ""));
        assertThat(writer.finish().range()).isEqualTo(KeyRange.of(new byte[] {'b'}, new byte[] {'x', 0}));
    }

    @Test
    void anEndlessRangeDeleteMakesTheRangeEndless() throws IOException {
        SstWriter writer = writer("f");
        add(writer, Entry.of("b", 9, ValueKind.PUT, ""));
        writer.addTombstone(Entry.fragment("c", null, 4));
        assertThat(writer.finish().range()).isEqualTo(KeyRange.of(new byte[] {'b'}, null));
    }

    @ParameterizedTest
    @ValueSource(ints = {128, 512, 4096, 65536})
    void dataBlocksKeepTheirSizeUnlessOneEntryIsLarger(int blockBytes) throws IOException {
        SstWriter writer = new SstWriter(files.create("f"), "f", blockBytes, 0, 0);
        Random random = new Random(blockBytes);
        List<byte[]> keys = new ArrayList<>();
        for (int i = 0; i < 3000; i++) {
            keys.add(Entry.bytes(String.format("key%07d", i)));
            byte[] value = new byte[random.nextInt(40)];
            writer.add(keys.get(i), 0, 10, random.nextInt(1000), ValueKind.PUT, value, 0, value.length);
        }
        writer.finish();
        try (SstFixture open = new SstFixture(files.open("f"), "f", 8 << 20)) {
            long previous = 0;
            int blocks = 1;
            for (byte[] key : keys) {
                long offset = BlockOffsets.of(open.reader, key);
                // Where a partition ends, its index block lies in between.
                assertThat(offset - previous).isBetween(0L, blockBytes + (long) SstFormat.META_BLOCK_BYTES);
                blocks += offset > previous ? 1 : 0;
                previous = offset;
            }
            assertThat(open.reader.properties().dataBlocks()).isEqualTo(blocks);
            long raw = open.reader.properties().rawKeyBytes()
                    + open.reader.properties().rawValueBytes();
            assertThat((double) blocks * blockBytes).isLessThan(1.4 * raw + blockBytes + 3000 * 6);
        }
    }

    @Test
    void estimatesTheSizeOfTheFile() throws IOException {
        SstWriter writer = writer("f");
        byte[] value = new byte[100];
        long previous = 0;
        for (int i = 0; i < 50_000; i++) {
            byte[] key = Entry.bytes(String.format("key%010d", i * 7L));
            writer.add(key, 0, key.length, i, ValueKind.PUT, value, 0, value.length);
            if (i % 10_000 == 0) {
                assertThat(writer.estimatedBytes()).isGreaterThan(previous);
                previous = writer.estimatedBytes();
            }
        }
        writer.addTombstone(Entry.fragment("a", "b", 1));
        long estimate = writer.estimatedBytes();
        long actual = writer.finish().fileBytes();
        assertThat((double) estimate).isBetween(actual * 0.98, actual * 1.02);
    }

    /** Neither a large value nor many entries may make a writer hold much. */
    @Test
    void largeValuesAreNotCopied() throws IOException {
        Slab value = new Slab(ByteBuffer.allocateDirect(20 << 20));
        new Random(5).ints(1000, 0, value.capacity()).forEach(at -> value.putByte(at, (byte) at));
        WritableFile file = files.create("f");
        long[] largest = new long[1];
        WritableFile watched = new ForwardingFileStore.Writer(file) {
            @Override
            public void append(ByteBuffer bytes) throws IOException {
                largest[0] = Math.max(largest[0], bytes.hasArray() ? bytes.remaining() : 0);
                super.append(bytes);
            }
        };
        SstWriter writer = new SstWriter(watched, "f", 4096, 10, 0);
        add(writer, Entry.of("a", 3, ValueKind.PUT, "small"));
        writer.add(new byte[] {'b'}, 0, 1, 7, ValueKind.PUT, value, 1, value.capacity() - 1);
        writer.add(new byte[] {'b'}, 0, 1, 6, ValueKind.MERGE, value, 0, value.capacity());
        add(writer, Entry.of("c", 3, ValueKind.PUT, "small"));
        writer.finish();
        assertThat(largest[0]).isLessThanOrEqualTo(64 << 10);
        try (SstFixture open = new SstFixture(files.open("f"), "f", 1 << 20);
                InternalIterator iterator = open.reader.iterator(KeyRange.all(), -1)) {
            iterator.seek(new byte[] {'b'}, 0, 1);
            expect(iterator, 7, value, 1);
            iterator.next();
            expect(iterator, 6, value, 0);
            iterator.next();
            assertThat(Entry.current(iterator)).isEqualTo(Entry.of("c", 3, ValueKind.PUT, "small"));
        }
    }

    private static void expect(InternalIterator iterator, long sequence, Slab value, int from) {
        assertThat(iterator.sequence()).isEqualTo(sequence);
        assertThat(iterator.valueLength()).isEqualTo(value.capacity() - from);
        assertThat(iterator.valueSlab()
                        .compare(iterator.valueOffset(), iterator.valueLength(), value, from, value.capacity() - from))
                .isZero();
    }

    @Test
    void overlappingRangeDeletesBecomeFragments() throws IOException {
        SstWriter writer = writer("f");
        writer.addTombstone(Entry.fragment("c", "z", 5));
        writer.addTombstone(Entry.fragment("a", "d", 9));
        writer.finish();
        try (SstFixture open = new SstFixture(files.open("f"), "f", 1 << 20)) {
            assertThat(open.reader.tombstones().fragments())
                    .usingRecursiveFieldByFieldElementComparator()
                    .containsExactly(
                            Entry.fragment("a", "c", 9), Entry.fragment("c", "d", 9, 5), Entry.fragment("d", "z", 5));
            Fragment covering = open.reader.tombstones().covering(new byte[] {'c', 1}, 0, 2);
            assertThat(covering.newestAtOrBelow(8)).isEqualTo(5);
        }
    }

    private SstWriter writer(String name) throws IOException {
        return new SstWriter(files.create(name), name, 4096, 10, 0);
    }

    private static void add(SstWriter writer, Entry entry) throws IOException {
        byte[] value = entry.value();
        writer.add(entry.key(), 0, entry.key().length, entry.sequence(), entry.kind(), value, 0, value.length);
    }

    private static String hex(String text) {
        return KeyText.PLAIN.of(Entry.bytes(text));
    }
}
