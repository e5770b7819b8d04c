package io.forebay.store.sst;

import io.forebay.store.Compression;
import io.forebay.store.KeyRange;
import io.forebay.store.rangedel.FragmentArray;
import io.forebay.store.util.FieldReader;
import io.forebay.store.util.FieldWriter;
import java.util.Arrays;

/**
 * The encoding of the properties of a file. Properties that follow from other parts of the file are not stored.
 *
 * <pre>
 * Properties   --> BlockBytes, FilterProbes, Entries, PointDeletes, MergeOperands, RangeDeletes, RawKeyBytes,
 *                  RawValueBytes, MinSequence, MaxSequence, LargestExpiry + 1, CreationMillis, Compression, Keys?
 * Keys         --> Smallest, Largest; only when there are entries
 * Smallest     --> Length:varint, u8^Length
 * Largest      --> Length:varint, u8^Length
 * </pre>
 *
 * All numbers are varints. Compression is 0 for none, 1 for LZ4, 2 for Zstandard; it is the compression that the writer was set
 * to, and single blocks may be stored as they are.
 */
final class PropertiesBlock {
    private PropertiesBlock() {}

    static FieldWriter encode(SstProperties properties) {
        FieldWriter out = new FieldWriter()
                .number(properties.blockBytes())
                .number(properties.filterProbes())
                .number(properties.entries())
                .number(properties.pointDeletes())
                .number(properties.mergeOperands())
                .number(properties.rangeDeletes())
                .number(properties.rawKeyBytes())
                .number(properties.rawValueBytes())
                .number(properties.minSequence())
                .number(properties.maxSequence())
                .number(properties.largestExpiry() + 1)
                .number(properties.creationMillis())
                .number(properties.compression().ordinal());
        if (properties.entries() > 0) {
            out.string(properties.smallestKey()).string(properties.largestKey());
        }
        return out;
    }

    static SstProperties decode(FieldReader in, long fileBytes, long dataBlocks, FragmentArray tombstones) {
        int blockBytes = (int) in.number("block size", 1, Integer.MAX_VALUE);
        int filterProbes = (int) in.number("filter probes", 0, 255);
        long entries = in.number("entries", dataBlocks, dataBlocks == 0 ? 0 : Long.MAX_VALUE);
        long pointDeletes = in.number("point deletes", 0, entries);
        long mergeOperands = in.number("merge operands", 0, entries - pointDeletes);
        long rangeDeletes = in.number("range deletes", tombstones.size(), tombstones.isEmpty() ? 0 : Long.MAX_VALUE);
        long rawKeyBytes = in.number("key bytes", 0, Long.MAX_VALUE);
        long rawValueBytes = in.number("value bytes", 0, Long.MAX_VALUE);
        long minSequence = in.number("smallest sequence", 0, Long.MAX_VALUE);
        long maxSequence = in.number("largest sequence", minSequence, Long.MAX_VALUE);
        long largestExpiry = in.number("largest expiry", 0, Long.MAX_VALUE) - 1;
        long creationMillis = in.number();
        Compression[] known = Compression.values();
        Compression compression = known[(int) in.number("compression", 0, known.length - 1)];
        byte[] smallest = entries == 0 ? null : in.string("length of the smallest key");
        byte[] largest = entries == 0 ? null : in.string("length of the largest key");
        in.end();
        if (entries == 0 && tombstones.isEmpty()) {
            throw in.corrupt("entries or range deletes", "neither");
        }
        if (entries > 0 && Arrays.compareUnsigned(smallest, largest) > 0) {
            throw in.corrupt("a smallest key not after the largest", "one after it");
        }
        return new SstProperties(
                SstFormat.VERSION,
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
                largestExpiry,
                creationMillis,
                compression,
                smallest,
                largest,
                range(smallest, largest, tombstones));
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
