package io.forebay.store.flush;

import io.forebay.store.Clock;
import io.forebay.store.Compression;
import io.forebay.store.StoreOptions;
import io.forebay.store.sst.HeldMemory;
import io.forebay.store.version.FileRegistry;
import java.util.function.LongSupplier;

/**
 * Where new SSTs go and how they are made. Thread-safe if its parts are.
 *
 * @param registry of the store, which creates the files
 * @param ids source of random file ids
 * @param clock for creation times
 * @param blockBytes see {@link StoreOptions#blockBytes()}
 * @param bloomBitsPerKey see {@link StoreOptions#bloomBitsPerKey()}
 * @param compression of the files that are written
 * @param bottomCompression compression of files of the bottom run, see {@link #atBottom}
 * @param targetFileBytes size at which a file ends
 * @param tombstoneBytes heap bytes of range deletes at which a file ends as well, because a reader of the file has them all in
 *     memory
 * @param foldBytes see {@link io.forebay.store.iter.Retention}
 * @param valueFileThreshold see {@link StoreOptions#valueFileThreshold()}
 * @param held counts what writers hold back of a file; null to count nothing
 */
public record SstTarget(
        FileRegistry registry,
        LongSupplier ids,
        Clock clock,
        int blockBytes,
        int bloomBitsPerKey,
        Compression compression,
        Compression bottomCompression,
        long targetFileBytes,
        long tombstoneBytes,
        long foldBytes,
        int valueFileThreshold,
        HeldMemory held) {

    /**
     * An SST ends when its values in value files have so many target sizes, so that clips, range deletes and jobs, which take whole SSTs, do
     * not take the values of a large part of the store with each.
     */
    public static final int VALUES_PER_SST = 4;

    /** The same target for files of the bottom run. */
    public SstTarget atBottom() {
        return new SstTarget(
                registry,
                ids,
                clock,
                blockBytes,
                bloomBitsPerKey,
                bottomCompression,
                bottomCompression,
                targetFileBytes,
                tombstoneBytes,
                foldBytes,
                valueFileThreshold,
                held);
    }

    /** The same target with another count of what is held back. */
    public SstTarget holding(HeldMemory other) {
        return new SstTarget(
                registry,
                ids,
                clock,
                blockBytes,
                bloomBitsPerKey,
                compression,
                bottomCompression,
                targetFileBytes,
                tombstoneBytes,
                foldBytes,
                valueFileThreshold,
                other);
    }

    /**
     * @param targetFileBytes instead of that of the options
     * @param tombstoneBytes see above
     * @param held see above
     */
    public static SstTarget of(
            FileRegistry registry,
            LongSupplier ids,
            Clock clock,
            StoreOptions options,
            long targetFileBytes,
            long tombstoneBytes,
            long foldBytes,
            HeldMemory held) {
        return new SstTarget(
                registry,
                ids,
                clock,
                options.blockBytes(),
                options.bloomBitsPerKey(),
                options.compression(),
                options.bottomCompression(),
                targetFileBytes,
                tombstoneBytes,
                foldBytes,
                options.valueFileThreshold(),
                held);
    }
}
