package io.forebay.store.sst;

import io.forebay.store.Compression;
import io.forebay.store.KeyRange;
import io.forebay.store.rangedel.FragmentArray;
import io.forebay.store.util.FieldListReader;
import io.forebay.store.util.FieldListWriter;
import io.forebay.store.util.FieldReader;
import io.forebay.store.util.FieldWriter;
import io.forebay.store.util.FormatVersion;
import io.forebay.store.values.ValueShare;
import java.util.Arrays;
import java.util.List;

/**
 * The encoding of the properties of a file, a {@link FieldListWriter list of fields}. Properties that follow from other parts of
 * the file are not stored.
 *
 * <pre>
 * Field --> 01 creation:varint                              milliseconds since the epoch
 *         | 02 entries:varint deletes:varint merge operands:varint range deletes:varint
 *              bytes of keys:varint bytes of values:varint      of all entries, added up
 *         | 04 smallest sequence:varint largest sequence:varint
 *         | 05 {@link Expiry}
 *         | 06 length:varint first key  length:varint last key         only if there are entries
 *         | 07 {@link EventTimes}
 *         | 08 block size:varint filter probes:varint compression:1
 *         | 09 {@link TailSizes}
 *         | 0A {@link ValueShare Shares}                            only if entries refer to values in other files
 *         | 0B {@link Superseded}                                   only if there is something of it
 * </pre>
 *
 * Compression is 0 for none, 1 for LZ4, 2 for Zstandard; it is the compression that the writer was set to, and single blocks may
 * be stored as they are. Fields 02, 04 and 08 are always there, and 01 and 09 in every file that this version writes. A
 * reader that does not find a field of an odd tag knows less and answers the same.
 *
 * <p><i>Example.</i> Two puts of the keys "a" and "b" at sequence numbers 3 and 4, with values of four bytes, created at 0, blocks of
 * 4,096 bytes, no filter: {@code 01 01 00, 02 06 02 00 00 00 02 08, 04 02 03 04, 06 04 01 61 01 62, 08 04 80 20 00 00}, and with an index
 * block of 22 and a top index of 12 bytes {@code 09 04 00 16 0C 00}.
 */
final class PropertiesBlock {
    private static final int CREATION = 0x01;
    private static final int COUNTS = 0x02;
    private static final int SEQUENCES = 0x04;
    private static final int EXPIRY = 0x05;
    private static final int KEYS = 0x06;
    private static final int EVENT_TIMES = 0x07;
    private static final int BLOCKS = 0x08;
    private static final int TAIL_SIZES = 0x09;
    private static final int VALUE_FILES = 0x0A;
    private static final int SUPERSEDED = 0x0B;

    private PropertiesBlock() {}

    static FieldWriter encode(SstProperties properties) {
        FieldWriter out = new FieldWriter();
        FieldListWriter fields = new FieldListWriter(out);
        fields.field(CREATION).number(properties.creationMillis());
        fields.field(COUNTS)
                .number(properties.entries())
                .number(properties.pointDeletes())
                .number(properties.mergeOperands())
                .number(properties.rangeDeletes())
                .number(properties.rawKeyBytes())
                .number(properties.rawValueBytes());
        fields.field(SEQUENCES).number(properties.minSequence()).number(properties.maxSequence());
        if (properties.expiry() != null) {
            properties.expiry().write(fields.field(EXPIRY));
        }
        if (properties.entries() > 0) {
            fields.field(KEYS).string(properties.smallestKey()).string(properties.largestKey());
        }
        if (properties.eventTimes() != null) {
            properties.eventTimes().write(fields.field(EVENT_TIMES));
        }
        fields.field(BLOCKS)
                .number(properties.blockBytes())
                .number(properties.filterProbes())
                .octet(properties.compression().ordinal());
        if (properties.tailSizes() != null) {
            properties.tailSizes().write(fields.field(TAIL_SIZES));
        }
        if (!properties.valueFiles().isEmpty()) {
            ValueShare.write(properties.valueFiles(), fields.field(VALUE_FILES));
        }
        if (properties.superseded() != null) {
            properties.superseded().write(fields.field(SUPERSEDED));
        }
        fields.end();
        return out;
    }

    static SstProperties decode(
            FieldReader in, long fileBytes, long tailOffset, long dataBlocks, FragmentArray tombstones) {
        Decoder decoder = new Decoder(tailOffset, dataBlocks, tombstones);
        FieldListReader fields = new FieldListReader(in, "the properties of an SST");
        while (fields.next()) {
            decoder.read(fields);
        }
        return decoder.finish(in, fileBytes);
    }

    /** The fields that were read so far. */
    private static final class Decoder {
        private final long tailOffset;
        private final long dataBlocks;
        private final FragmentArray tombstones;
        private long creationMillis;
        private long entries = -1;
        private long pointDeletes;
        private long mergeOperands;
        private long rangeDeletes;
        private long rawKeyBytes;
        private long rawValueBytes;
        private long minSequence = -1;
        private long maxSequence;
        private Expiry expiry;
        private byte[] smallest;
        private byte[] largest;
        private EventTimes eventTimes;
        private int blockBytes;
        private int filterProbes;
        private Compression compression;
        private TailSizes tailSizes;
        private List<ValueShare> valueFiles = List.of();
        private Superseded superseded;

        Decoder(long tailOffset, long dataBlocks, FragmentArray tombstones) {
            this.tailOffset = tailOffset;
            this.dataBlocks = dataBlocks;
            this.tombstones = tombstones;
        }

        void read(FieldListReader fields) {
            FieldReader in = fields.content();
            switch (fields.tag()) {
                case CREATION -> creationMillis = in.number();
                case COUNTS -> readCounts(in);
                case SEQUENCES -> {
                    minSequence = in.number("smallest sequence");
                    maxSequence = in.number("largest sequence", minSequence, Long.MAX_VALUE);
                }
                case EXPIRY -> expiry = Expiry.read(in);
                case KEYS -> readKeys(in);
                case EVENT_TIMES -> eventTimes = EventTimes.read(in);
                case BLOCKS -> {
                    blockBytes = (int) in.number("block size", 1, Integer.MAX_VALUE);
                    filterProbes = (int) in.number("filter probes", 0, 255);
                    Compression[] known = Compression.values();
                    compression = known[(int) in.number("compression", 0, known.length - 1)];
                }
                case TAIL_SIZES -> tailSizes = TailSizes.read(in);
                case VALUE_FILES -> valueFiles = ValueShare.read(in);
                case SUPERSEDED -> superseded = Superseded.read(in, allBytes(), ValueShare.bytes(valueFiles));
                default -> fields.skip();
            }
        }

        private void readCounts(FieldReader in) {
            entries = in.number("entries", dataBlocks, dataBlocks == 0 ? 0 : Long.MAX_VALUE);
            pointDeletes = in.number("point deletes", 0, entries);
            mergeOperands = in.number("merge operands", 0, entries - pointDeletes);
            rangeDeletes = in.number("range deletes", tombstones.size(), tombstones.isEmpty() ? 0 : Long.MAX_VALUE);
            rawKeyBytes = in.number("key bytes");
            rawValueBytes = in.number("value bytes");
        }

        /** Of keys and values, which may be any numbers in a damaged file. */
        private long allBytes() {
            long sum = rawKeyBytes + rawValueBytes;
            return sum < 0 ? Long.MAX_VALUE : sum;
        }

        private void readKeys(FieldReader in) {
            smallest = in.string("length of the smallest key");
            largest = in.string("length of the largest key");
            if (Arrays.compareUnsigned(smallest, largest) > 0) {
                throw in.corrupt("a smallest key not after the largest", "one after it");
            }
        }

        SstProperties finish(FieldReader in, long fileBytes) {
            if (entries < 0 || minSequence < 0 || compression == null || (entries > 0) != (smallest != null)) {
                throw in.corrupt("counts, sequences, block size, and keys if there are entries", "not all of them");
            }
            if (entries == 0 && tombstones.isEmpty()) {
                throw in.corrupt("entries or range deletes", "neither");
            }
            return new SstProperties(
                    FormatVersion.CURRENT,
                    fileBytes,
                    dataBlocks,
                    blockBytes,
                    filterProbes,
                    entries,
                    pointDeletes,
                    mergeOperands,
                    rangeDeletes,
                    rawKeyBytes,
                    rawValueBytes,
                    minSequence,
                    maxSequence,
                    expiry,
                    eventTimes,
                    tailOffset,
                    tailSizes,
                    valueFiles,
                    superseded,
                    creationMillis,
                    compression,
                    smallest,
                    largest,
                    range(smallest, largest, tombstones));
        }
    }

    /** The narrowest range that contains both keys (null: no entries) and all fragments. There must be keys or fragments. */
    static KeyRange range(byte[] smallest, byte[] largest, FragmentArray tombstones) {
        if (smallest == null) {
            return tombstones.range();
        }
        KeyRange keys = KeyRange.closed(smallest, largest);
        if (tombstones.isEmpty()) {
            return keys;
        }
        KeyRange deleted = tombstones.range();
        byte[] from = Arrays.compareUnsigned(smallest, deleted.from()) <= 0 ? smallest : deleted.from();
        boolean keysEndLater = deleted.to() != null && Arrays.compareUnsigned(keys.to(), deleted.to()) >= 0;
        return KeyRange.of(from, keysEndLater ? keys.to() : deleted.to());
    }
}
