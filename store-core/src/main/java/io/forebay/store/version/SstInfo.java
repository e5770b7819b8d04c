package io.forebay.store.version;

import io.forebay.store.sst.EventTimes;
import io.forebay.store.sst.Expiry;
import io.forebay.store.sst.SstProperties;
import io.forebay.store.sst.Superseded;
import io.forebay.store.sst.TailSizes;
import io.forebay.store.values.ValueShare;
import java.util.List;

/**
 * What never changes about one SST: its length, and facts of its content, which its writer knew. Immutable.
 *
 * @param fileBytes length of the file
 * @param minSequence smallest sequence number in the file, range deletes included
 * @param maxSequence largest sequence number in the file, range deletes included
 * @param entries point entries
 * @param pointDeletes point deletes among them
 * @param rangeDeletes fragments of range deletes
 * @param creationMillis wall clock at creation; 0 when not known
 * @param keyId id of the master key that is needed to read the file, or null when it is not encrypted
 * @param expiry when its entries expire; null when some do not, or that is not known
 * @param eventTimes of its entries; null when not known
 * @param tailOffset where its data blocks end; -1 when not known
 * @param tailSizes of the parts behind them; null when not known
 * @param valueFiles where the values are that its entries refer to; empty when all values are in the SST
 * @param superseded what only readers of older states need of it; null for nothing, or when that is not known
 */
public record SstInfo(
        long fileBytes,
        long minSequence,
        long maxSequence,
        long entries,
        long pointDeletes,
        long rangeDeletes,
        long creationMillis,
        String keyId,
        Expiry expiry,
        EventTimes eventTimes,
        long tailOffset,
        TailSizes tailSizes,
        List<ValueShare> valueFiles,
        Superseded superseded) {

    /** A file of which nothing is known that may be left out. */
    public SstInfo(
            long fileBytes,
            long minSequence,
            long maxSequence,
            long entries,
            long pointDeletes,
            long rangeDeletes,
            long creationMillis,
            String keyId) {
        this(
                fileBytes,
                minSequence,
                maxSequence,
                entries,
                pointDeletes,
                rangeDeletes,
                creationMillis,
                keyId,
                null,
                null,
                -1,
                null,
                List.of(),
                null);
    }

    /** @param keyId see above */
    public static SstInfo of(SstProperties properties, String keyId) {
        return new SstInfo(
                properties.fileBytes(),
                properties.minSequence(),
                properties.maxSequence(),
                properties.entries(),
                properties.pointDeletes(),
                properties.rangeDeletes(),
                properties.creationMillis(),
                keyId,
                properties.expiry(),
                properties.eventTimes(),
                properties.tailOffset(),
                properties.tailSizes(),
                properties.valueFiles(),
                properties.superseded());
    }

    /** True when the SST and all its value files are encrypted with this master key. */
    public boolean hasOnlyKey(String id) {
        return id.equals(keyId) && valueFiles.stream().allMatch(share -> id.equals(share.keyId()));
    }

    /** The lengths of the value files, added up. */
    public long valueFileBytes() {
        long sum = 0;
        for (ValueShare share : valueFiles) {
            sum += share.fileBytes();
        }
        return sum;
    }

    /** Bytes at the end of the file that a reader needs to open it; -1 when not known. */
    long openBytes() {
        return tailSizes == null ? -1 : tailSizes.openBytes(fileBytes, tailOffset);
    }
}
