package io.forebay.store.sst;

import static io.forebay.store.testing.fuzz.FuzzTarget.require;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.forebay.store.KeyRange;
import io.forebay.store.cache.BlockSlots;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.FragmentArray;
import io.forebay.store.sst.block.BlockTrailer;
import io.forebay.store.sst.filter.BlockedBloom;
import io.forebay.store.sst.filter.FilterBuilder;
import io.forebay.store.testing.GoldenBytes;
import io.forebay.store.testing.fuzz.FuzzTarget;
import io.forebay.store.testing.fuzz.FuzzTests;
import io.forebay.store.util.FieldReader;
import io.forebay.store.util.FieldWriter;
import io.forebay.store.util.Slab;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.params.provider.ArgumentsSource;

/** The parts of an SST that become objects when it is opened, each on its own and without a checksum in front. */
class SstMetadataFuzzTest extends FuzzTests {
    private static final String NAME = "fuzzed.sst";
    /** Where the data blocks end that a top index describes here, and where the index blocks do. */
    private static final long TAIL = 1 << 14;

    private static final long TOP_INDEX_AT = TAIL + (1 << 12);
    /** A file that does not say when it was made gets this field when it is written again. */
    private static final int CREATION_BYTES = 3;

    private static final byte[] SMALLEST = GoldenBytes.read("sst-v2-smallest");
    private static final byte[] ALL_PARTS = GoldenBytes.read("sst-v2-all-parts");
    private static final byte[] RANGE_DELETES = GoldenBytes.read("sst-v2-range-deletes");

    static final FuzzTarget FOOTER = FuzzTarget.of("footer", SstMetadataFuzzTest::decodeFooter)
            .seeds(footerOf(SMALLEST), footerOf(ALL_PARTS), footerOf(RANGE_DELETES));
    static final FuzzTarget PROPERTIES = FuzzTarget.of("properties", SstMetadataFuzzTest::decodeProperties)
            .seeds(propertiesOf(SMALLEST), propertiesOf(ALL_PARTS), propertiesOf(RANGE_DELETES));
    static final FuzzTarget TOMBSTONES = FuzzTarget.of("tombstones", SstMetadataFuzzTest::decodeTombstones)
            .seeds(tombstonesOf(ALL_PARTS), tombstonesOf(RANGE_DELETES));
    static final FuzzTarget TOP_INDEX = FuzzTarget.of("topIndex", SstMetadataFuzzTest::decodeTopIndex)
            .seeds(topIndexOf(SMALLEST), topIndexOf(ALL_PARTS), topIndexOf(RANGE_DELETES), manyPartitions());
    static final FuzzTarget FILTER =
            FuzzTarget.of("filter", SstMetadataFuzzTest::testFilter).seeds(new byte[80], filter());

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void footer(byte[] input) {
        FOOTER.accept(input);
    }

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void properties(byte[] input) {
        PROPERTIES.accept(input);
    }

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void tombstones(byte[] input) {
        TOMBSTONES.accept(input);
    }

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void topIndex(byte[] input) {
        TOP_INDEX.accept(input);
    }

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void filter(byte[] input) {
        FILTER.accept(input);
    }

    private static void decodeFooter(byte[] input) {
        byte[] footer = Arrays.copyOf(input, SstFormat.FOOTER_BYTES);
        if (input.length > SstFormat.FOOTER_BYTES && input[SstFormat.FOOTER_BYTES] != 0) {
            Checksums.repairFooter(footer);
        }
        long size = 1 << 20;
        SstFormat format = SstFormat.decode(footer, NAME, size);
        require(
                format.tailOffset() >= 0
                        && format.tailOffset() <= format.topIndexOffset()
                        && format.topIndexOffset() < format.tombstonesOffset()
                        && format.tombstonesOffset() <= format.propertiesOffset()
                        && format.propertiesOffset() < size - SstFormat.FOOTER_BYTES,
                "offsets inside the file");
        require(Arrays.equals(format.encode(), footer), "the same bytes again");
    }

    private static void decodeProperties(byte[] input) {
        FragmentArray none = FragmentArray.EMPTY;
        SstProperties properties =
                PropertiesBlock.decode(new FieldReader(input, input.length, NAME, 0), 100, 50, 1, none);
        require(properties.entries() >= 1, "an entry for each block");
        require(properties.minSequence() <= properties.maxSequence(), "sequences in order");
        require(properties.pointDeletes() + properties.mergeOperands() <= properties.entries(), "kinds add up");
        require(properties.range().contains(properties.smallestKey()), "the smallest key is in the range");
        require(properties.range().contains(properties.largestKey()), "the largest key is in the range");
        // Fields that nobody knows are skipped.
        byte[] again = bytes(PropertiesBlock.encode(properties));
        SstProperties same = PropertiesBlock.decode(new FieldReader(again, again.length, NAME, 0), 100, 50, 1, none);
        require(again.length <= input.length + CREATION_BYTES, "nothing that was not there");
        require(Arrays.equals(bytes(PropertiesBlock.encode(same)), again), "the same bytes again");
    }

    private static void decodeTombstones(byte[] input) {
        FragmentArray tombstones = TombstoneBlock.decode(new FieldReader(input, input.length, NAME, 0));
        byte[] last = null;
        for (Fragment fragment : tombstones.fragments()) {
            require(last == null || Arrays.compareUnsigned(last, fragment.start()) <= 0, "fragments in order");
            last = fragment.end();
            Fragment found = tombstones.covering(fragment.start(), 0, fragment.start().length);
            require(found == fragment, "a fragment covers its start");
        }
        require(TombstoneBlock.heapBytes(tombstones) >= input.length / 2, "memory is accounted for");
        if (!tombstones.isEmpty()) {
            byte[] middle = tombstones.fragments().iterator().next().start();
            tombstones.clip(KeyRange.of(middle, null));
            TombstoneBlock.at(tombstones.clip(KeyRange.of(new byte[0], middle)), 7);
        }
    }

    private static void decodeTopIndex(byte[] input) {
        TopIndex top = new TopIndex(new FieldReader(input, input.length, NAME, 0), TAIL, TOP_INDEX_AT);
        // The blocks of a file are smaller than the file, so their slots are in proportion to it.
        require(
                BlockSlots.heapBytes(top.blocks()) <= BlockSlots.heapBytes(0) + 4 * TOP_INDEX_AT,
                "slots in proportion to the file");
        long dataEnd = 0;
        long filterEnd = TAIL;
        long indexEnd = TAIL + top.allFilterBytes();
        for (int i = 0; i < top.partitions(); i++) {
            require(top.dataOffset(i) == dataEnd && top.indexOffset(i) == indexEnd, "partitions without gaps");
            require(top.dataBytes(i) > 0 && top.indexBytes(i) > 0 && top.dataBlocks(i) > 0, "nothing is empty");
            dataEnd += top.dataBytes(i);
            indexEnd += top.indexBytes(i);
            byte[] separator = top.separator(i);
            int found = top.find(separator, 0, separator.length);
            require(found <= i && Arrays.equals(top.separator(found), separator), "a partition by its separator");
            require(top.partitionOfDataBlock(top.firstDataBlock(i)) == i, "a partition by its block");
            for (int line = 0; line < top.filterLines(i); line += SstFormat.LINES_PER_FILTER_BLOCK) {
                int ordinal = top.filterOrdinal(i, line);
                require(ordinal >= top.dataBlocks() && ordinal < top.firstIndexOrdinal(), "a filter block");
                require(top.filterOffset(ordinal) == filterEnd, "filters without gaps");
                filterEnd += top.filterBytes(ordinal);
            }
        }
        require(dataEnd == TAIL && indexEnd == TOP_INDEX_AT, "partitions up to the ends");
        require(filterEnd == TOP_INDEX_AT - top.allIndexBytes(), "filters up to the index blocks");
    }

    /** Any bytes are a filter; the first 16 say what is asked for and with how many probes. */
    private static void testFilter(byte[] input) {
        if (input.length < 16 + BlockedBloom.LINE_BYTES) {
            return;
        }
        ByteBuffer in = ByteBuffer.wrap(input);
        long hash = in.getLong();
        int probes = in.get() & 0xFF;
        Slab slab = new Slab(ByteBuffer.wrap(input));
        int lines = (input.length - 16) / BlockedBloom.LINE_BYTES;
        int line = BlockedBloom.line(hash, lines);
        require(line >= 0 && line < lines, "a line of the filter");
        int at = 16 + line * BlockedBloom.LINE_BYTES;
        boolean before = BlockedBloom.mayContain(slab, at, hash, probes);
        long[] words = new long[lines * 8];
        for (int i = 0; i < words.length; i++) {
            words[i] = in.getLong(16 + i * Long.BYTES);
        }
        BlockedBloom.add(words, line, hash, probes);
        boolean changed = false;
        for (int i = 0; i < words.length; i++) {
            changed |= words[i] != in.getLong(16 + i * Long.BYTES);
            in.putLong(16 + i * Long.BYTES, words[i]);
        }
        require(BlockedBloom.mayContain(slab, at, hash, probes), "what was added is found");
        require(changed != before, "a key is found before it was added only if all its bits were set");
    }

    private static byte[] filter() {
        FilterBuilder builder = new FilterBuilder(10);
        for (int i = 0; i < 100; i++) {
            builder.add(i * 0x9E3779B97F4A7C15L);
        }
        long[] words = builder.build(100);
        ByteBuffer out = ByteBuffer.allocate(16 + words.length * Long.BYTES);
        out.putLong(0x9E3779B97F4A7C15L).put((byte) 6).position(16);
        for (long word : words) {
            out.putLong(word);
        }
        return out.array();
    }

    private static byte[] footerOf(byte[] file) {
        byte[] footer = Arrays.copyOfRange(file, file.length - SstFormat.FOOTER_BYTES, file.length + 1);
        footer[SstFormat.FOOTER_BYTES] = 1;
        return footer;
    }

    private static SstFormat format(byte[] file) {
        byte[] footer = Arrays.copyOfRange(file, file.length - SstFormat.FOOTER_BYTES, file.length);
        return SstFormat.decode(footer, NAME, file.length);
    }

    private static byte[] topIndexOf(byte[] file) {
        return part(file, format(file).topIndexOffset(), format(file).tombstonesOffset());
    }

    private static byte[] tombstonesOf(byte[] file) {
        return part(file, format(file).tombstonesOffset(), format(file).propertiesOffset());
    }

    private static byte[] propertiesOf(byte[] file) {
        return part(file, format(file).propertiesOffset(), file.length - SstFormat.FOOTER_BYTES);
    }

    private static byte[] part(byte[] file, long begin, long end) {
        return Arrays.copyOfRange(file, (int) begin, (int) end - BlockTrailer.BYTES);
    }

    /** Sixteen partitions that fill the file. */
    private static byte[] manyPartitions() {
        FieldWriter out = new FieldWriter().number(16);
        for (int i = 0; i < 16; i++) {
            out.string(new byte[] {'k', (byte) ('a' + i / 2), (byte) i})
                    .number(2)
                    .number(TAIL / 16);
            out.number(2).number((TOP_INDEX_AT - TAIL) / 16 - SstFormat.filterBytes(2));
        }
        return bytes(out);
    }

    private static byte[] bytes(FieldWriter out) {
        return Arrays.copyOf(out.array(), out.size());
    }
}
