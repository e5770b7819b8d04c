package io.forebay.store.sst;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.forebay.store.Compression;
import io.forebay.store.KeyRange;
import io.forebay.store.ValueBuffer;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.KeyHash;
import io.forebay.store.key.PointLookup;
import io.forebay.store.key.ValueKind;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SstReaderTest {
    private static final int ENTRIES = 20_000;

    private final MemoryFileStore files = new MemoryFileStore();

    @Test
    void theFilterKeepsAbsentKeysFromTheIndex() throws IOException {
        write("f", 10);
        try (SstFixture open = new SstFixture(files.open("f"), "f", 32 << 20)) {
            long before = 0;
            // In the first turn blocks are read, for which the index is asked again.
            for (int turn = 0; turn < 2; turn++) {
                before = asked(open.reader);
                for (int i = 0; i < ENTRIES - 1; i++) {
                    assertThat(SstModel.Answer.of(open.reader, key(i * 2L + 1), Long.MAX_VALUE, -1)
                                    .found())
                            .isFalse();
                }
            }
            // A filter block for each key, and index and data block for those that it lets through.
            double passed = (asked(open.reader) - before - ENTRIES) / 2.0 / ENTRIES;
            assertThat(passed).isBetween(0.006, 0.013);
        }
    }

    private static long asked(SstReader reader) {
        return reader.blockSlots().hits() + reader.blockSlots().misses();
    }

    @Test
    void presentKeysPassTheFilterAtAnyNumberOfBits() throws IOException {
        for (int bits : new int[] {0, 1, 3, 8, 10, 14, 23, 32}) {
            String name = "bits" + bits;
            write(name, bits);
            try (SstFixture open = new SstFixture(files.open(name), name, 32 << 20)) {
                for (int i = 0; i < ENTRIES; i += 3) {
                    assertThat(SstModel.Answer.of(open.reader, key(i * 2L), Long.MAX_VALUE, -1)
                                    .found())
                            .isTrue();
                }
            }
        }
    }

    @Test
    void readsAllocateNothingOnceBlocksAreCached() throws IOException {
        write("f", 10);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (SstFixture open = new SstFixture(files.open("f"), "f", 32 << 20);
                InternalIterator iterator = open.reader.iterator(KeyRange.all(), -1)) {
            PointLookup lookup = new PointLookup();
            ValueBuffer value = new ValueBuffer();
            byte[] key = new byte[16];
            long perRead = -1;
            // Until everything is cached.
            for (int round = 0; perRead != 0 && round < 5; round++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < ENTRIES * 2; i++) {
                    key[13] = (byte) (i >>> 16);
                    key[14] = (byte) (i >>> 8);
                    key[15] = (byte) i;
                    lookup.start(key, 0, 16, KeyHash.of(key, 0, 16), Long.MAX_VALUE, value);
                    open.reader.get(lookup, -1);
                    iterator.seek(key, 0, 16);
                    if (iterator.isValid()) {
                        iterator.next();
                    }
                }
                perRead = (threads.getCurrentThreadAllocatedBytes() - before) / (ENTRIES * 2);
            }
            assertThat(perRead).isZero();
        }
    }

    @Test
    void anIteratorHoldsOneBlockWhileItIsValid() throws IOException {
        write("f", 10);
        SstFixture open = new SstFixture(files.open("f"), "f", 32 << 20);
        InternalIterator iterator = open.reader.iterator(KeyRange.all(), -1);
        for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
            if (iterator.sequence() % 1000 == 0) {
                assertPinned(open, 1);
            }
        }
        assertPinned(open, 0);
        iterator.seekToLast();
        assertPinned(open, 1);
        iterator.seek(key(Long.MAX_VALUE), 0, 16);
        assertThat(iterator.isValid()).isFalse();
        assertPinned(open, 0);
        iterator.seekBefore(key(0), 0, 16);
        assertPinned(open, 0);
        iterator.seek(key(500), 0, 16);
        assertPinned(open, 1);
        iterator.close();
        iterator.close();
        assertPinned(open, 0);
        open.close();
    }

    private static void assertPinned(SstFixture open, int blocks) {
        assertThat(open.cache.pinnedBlocks()).isEqualTo(blocks);
    }

    @Test
    void aScanLeavesTheCacheAlone() throws IOException {
        write("f", 10);
        try (SstFixture open = new SstFixture(files.open("f"), "f", 32 << 20)) {
            try (InternalIterator scan = open.reader.scanIterator(KeyRange.all(), -1)) {
                assertThat(SstRoundTripTest.forward(scan)).hasSize(ENTRIES);
                assertThat(open.pool.used(SlabPool.Use.READ_AHEAD)).isPositive();
            }
            assertThat(open.pool.used(SlabPool.Use.READ_AHEAD)).isZero();
            assertThat(open.pool.used(SlabPool.Use.SST_READER)).isEqualTo(open.reader.metadataBytes());
            assertThat(open.pool.used(SlabPool.Use.CACHE)).isZero();
            assertThat(open.reader.blockSlots().misses()).isZero();
        }
    }

    @Test
    void aScanNeedsNoMemoryOfThePoolToGoOn() throws IOException {
        write("f", 10);
        try (SstFixture open = new SstFixture(files.open("f"), "f", 1 << 20)) {
            long rest = open.pool.budget() - open.pool.used();
            assertThat(open.pool.tryReserve(SlabPool.Use.MEMTABLE, rest)).isTrue();
            try (InternalIterator scan = open.reader.scanIterator(KeyRange.all(), -1)) {
                assertThat(SstRoundTripTest.forward(scan)).hasSize(ENTRIES);
            }
            open.pool.unreserve(SlabPool.Use.MEMTABLE, rest);
        }
    }

    /** A reader refers to the first and the last key of its file, however long they are. */
    @Test
    void longKeysCountAsMemoryOfTheReader() throws IOException {
        int length = 1 << 20;
        byte[] last = new byte[length];
        last[0] = 1;
        List<Entry> entries = List.of(
                new Entry(new byte[length], 1, ValueKind.PUT, new byte[1]),
                new Entry(last, 2, ValueKind.PUT, new byte[1]));
        new SstModel(entries, List.of()).write(files, "f", Encryption.NONE, Compression.NONE, 4096, 10);
        try (SstFixture open = new SstFixture(files.open("f"), "f", 32 << 20)) {
            SstProperties properties = open.reader.properties();
            long keys = (long) properties.smallestKey().length
                    + properties.largestKey().length
                    + properties.range().to().length;
            assertThat(keys).isGreaterThan(3L * length);
            assertThat(open.reader.metadataBytes()).isGreaterThan(keys);
        }
    }

    @Test
    void whatDoesNotFitTheBudgetIsReadAllTheSame() throws IOException {
        write("f", 10);
        try (SstFixture open = new SstFixture(files.open("f"), "f", 4096)) {
            assertThat(open.reader.isTransient()).isTrue();
            assertThat(open.reader.metadataBytes()).isZero();
            for (int i = 0; i < ENTRIES; i += 100) {
                assertThat(SstModel.Answer.of(open.reader, key(i * 2L), Long.MAX_VALUE, -1)
                                .found())
                        .isTrue();
            }
            assertThat(SstRoundTripTest.forward(open.reader.iterator(KeyRange.all(), -1)))
                    .hasSize(ENTRIES);
            assertThat(open.pool.used()).isZero();
        }
    }

    @Test
    void whoeverReadsWhenTheReaderIsClosedGoesOn() throws IOException {
        write("f", 10);
        try (SstFixture open = new SstFixture(files.open("f"), "f", 32 << 20)) {
            InternalIterator iterator = open.reader.iterator(KeyRange.all(), -1);
            iterator.seekToFirst();
            open.reader.close();
            assertThat(open.pool.used(SlabPool.Use.SST_READER)).isZero();
            int entries = 0;
            for (; iterator.isValid(); iterator.next()) {
                entries++;
            }
            assertThat(entries).isEqualTo(ENTRIES);
            iterator.close();
            assertThat(SstModel.Answer.of(open.reader, key(34), Long.MAX_VALUE, -1)
                            .found())
                    .isTrue();
            // what nobody would find does not stay
            assertThat(open.cache.cachedBytes()).isLessThan(8192);
        }
    }

    @Test
    void closingEvictsAndGivesBack() throws IOException {
        write("f", 10);
        SstFixture open = new SstFixture(files.open("f"), "f", 32 << 20);
        SstModel.Answer.of(open.reader, key(2), Long.MAX_VALUE, -1);
        assertThat(open.cache.cachedBytes()).isPositive();
        assertThat(open.pool.used(SlabPool.Use.SST_READER)).isEqualTo(open.reader.metadataBytes());
        open.reader.close();
        open.reader.close();
        assertThat(open.cache.cachedBytes()).isZero();
        assertThat(open.pool.used(SlabPool.Use.SST_READER)).isZero();
        open.close();
    }

    @Test
    void versionsAcrossBlocksAreAllFound() throws IOException {
        List<Entry> entries = new ArrayList<>();
        entries.add(Entry.of("a", 1, ValueKind.PUT, "a"));
        for (int i = 0; i < 3000; i++) {
            entries.add(Entry.of("hot", 10_000 - i, ValueKind.MERGE, "operand " + i));
        }
        entries.add(Entry.of("hot", 5, ValueKind.PUT, "base"));
        entries.add(Entry.of("z", 1, ValueKind.PUT, "z"));
        SstModel model = new SstModel(entries, List.of());
        model.write(files, "f", 128, 10);
        try (SstFixture open = new SstFixture(files.open("f"), "f", 8 << 20)) {
            byte[] key = entries.get(1).key();
            for (long limit : new long[] {Long.MAX_VALUE, 10_000, 9_999, 8_000, 7_001, 7_000, 5, 4, 0}) {
                assertThat(SstModel.Answer.of(open.reader, key, limit, -1)).isEqualTo(model.get(key, limit, -1));
            }
        }
    }

    @Test
    void rangeDeletesAreClippedAndMayBeReadAtAnotherSequence() throws IOException {
        SstWriter writer = new SstWriter(files.create("f"), "f", 4096, 10, 0);
        writer.addTombstone(Entry.fragment("b", "f", 9));
        writer.addTombstone(Entry.fragment("d", "m", 4));
        writer.finish();
        try (SstFixture open = new SstFixture(files.open("f"), "f", 1 << 20)) {
            KeyRange visible = KeyRange.of(Entry.bytes("c"), Entry.bytes("g"));
            assertThat(open.reader.tombstones(visible, -1).fragments())
                    .usingRecursiveFieldByFieldElementComparator()
                    .containsExactly(
                            Entry.fragment("c", "d", 9), Entry.fragment("d", "f", 9, 4), Entry.fragment("f", "g", 4));
            assertThat(open.reader.tombstones(visible, 77).fragments())
                    .usingRecursiveFieldByFieldElementComparator()
                    .containsExactly(Entry.fragment("c", "g", 77));
            assertThat(open.reader
                            .tombstones(KeyRange.of(Entry.bytes("x"), null), 77)
                            .isEmpty())
                    .isTrue();
        }
    }

    @Test
    void offsetsAscendWithKeys() throws IOException {
        SstProperties properties = write("f", 10);
        try (SstFixture open = new SstFixture(files.open("f"), "f", 8 << 20)) {
            assertThat(BlockOffsets.of(open.reader, new byte[0])).isZero();
            long previous = 0;
            for (int i = 0; i < ENTRIES; i += 100) {
                long offset = BlockOffsets.of(open.reader, key(i * 2L));
                assertThat(offset).isGreaterThanOrEqualTo(previous);
                assertThat((double) offset / properties.tailOffset())
                        .isBetween(i / (double) ENTRIES - 0.05, i / (double) ENTRIES + 0.05);
                previous = offset;
            }
            assertThat(BlockOffsets.of(open.reader, key(Long.MAX_VALUE))).isEqualTo(properties.tailOffset());
        }
    }

    /** Even keys only; the sequence of an entry is its number. */
    private SstProperties write(String name, int bits) throws IOException {
        SstWriter writer = new SstWriter(files.create(name), name, 1024, bits, 0);
        byte[] value = new byte[20];
        for (int i = 0; i < ENTRIES; i++) {
            writer.add(key(i * 2L), 0, 16, i, ValueKind.PUT, value, 0, value.length);
        }
        return writer.finish();
    }

    private static byte[] key(long number) {
        return ByteBuffer.allocate(16).putLong(8, number).array();
    }
}
