package io.forebay.store.sst;

import io.forebay.store.Compression;
import io.forebay.store.KeyRange;
import io.forebay.store.StoreOptions;
import io.forebay.store.values.ValueShare;
import java.util.List;

/**
 * What is known about a whole SST without reading its entries. Counts are of the physical file; a virtual file shows a part of
 * it. Immutable by convention: the arrays are not copied and must not be changed.
 *
 * @param formatVersion version of the file format
 * @param fileBytes length of the file
 * @param dataBlocks number of data blocks
 * @param blockBytes size at which data blocks were closed, see {@link StoreOptions#blockBytes()}
 * @param filterProbes bits that each key sets in the filter; 0: the file has no filter
 * @param entries versions of keys, of all kinds, without range deletes
 * @param pointDeletes entries that are deletes
 * @param mergeOperands entries that are merge operands
 * @param rangeDeletes range deletes, each counted once for every fragment that it was cut into
 * @param rawKeyBytes lengths of the keys of all entries, added up
 * @param rawValueBytes lengths of the values of all entries, added up; a reference to a value counts with its own length
 * @param minSequence smallest sequence number of entries and range deletes
 * @param maxSequence largest sequence number of entries and range deletes
 * @param expiry when the entries expire; null when some do not, or that is not known
 * @param eventTimes of the entries; null when not known
 * @param tailOffset where the data blocks end and the tail begins
 * @param tailSizes of the parts of the tail; null when not known
 * @param valueFiles where the values are that its entries refer to; empty when all values are in this file
 * @param superseded what only readers of older states need; null for nothing
 * @param creationMillis milliseconds since the epoch at which the writer was started; 0 when not known
 * @param compression of the data blocks, see {@link StoreOptions#compression()}
 * @param smallestKey user key of the first entry; null when there are only range deletes
 * @param largestKey user key of the last entry; null when there are only range deletes
 * @param range the narrowest range that contains all entries and range deletes
 */
public record SstProperties(
        int formatVersion,
        long fileBytes,
        long dataBlocks,
        int blockBytes,
        int filterProbes,
        long entries,
        long pointDeletes,
        long mergeOperands,
        long rangeDeletes,
        long rawKeyBytes,
        long rawValueBytes,
        long minSequence,
        long maxSequence,
        Expiry expiry,
        EventTimes eventTimes,
        long tailOffset,
        TailSizes tailSizes,
        List<ValueShare> valueFiles,
        Superseded superseded,
        long creationMillis,
        Compression compression,
        byte[] smallestKey,
        byte[] largestKey,
        KeyRange range) {
    /** Bytes of the arrays of keys that this refers to. A key of any length may be the first or the last one of a file. */
    long keyHeapBytes() {
        long bytes = length(smallestKey) + length(largestKey) + length(range.to());
        return range.from() == smallestKey ? bytes : bytes + length(range.from());
    }

    private static long length(byte[] key) {
        return key == null ? 0 : key.length;
    }
}
