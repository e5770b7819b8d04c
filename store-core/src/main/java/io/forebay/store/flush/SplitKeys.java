package io.forebay.store.flush;

import io.forebay.store.version.SortedRun;
import java.util.ArrayList;
import java.util.List;

/**
 * The split keys, at which files of tiers should end: the bounds between eight parts of the bottom run of about the same size.
 * When all tiers are split at the same keys, a part of the key space can be merged into the bottom run without touching the
 * other parts.
 */
public final class SplitKeys {
    private static final int PARTS = 8;

    /** A file smaller than the target size divided by this does not end at a split key. */
    private static final int LEAST_SHARE = 32;

    private SplitKeys() {}

    /** The split keys of {@code bottom}, ascending; none when it is null or a single file. */
    public static List<byte[]> of(SortedRun bottom) {
        List<byte[]> splitKeys = new ArrayList<>();
        if (bottom == null) {
            return splitKeys;
        }
        long total = bottom.bytes();
        long before = 0;
        int part = 1;
        for (int i = 0; i < bottom.size(); i++) {
            if (part < PARTS && before * PARTS >= total * part) {
                splitKeys.add(bottom.file(i).range().from());
                while (part < PARTS && before * PARTS >= total * part) {
                    part++;
                }
            }
            before += bottom.file(i).fileBytes();
        }
        return splitKeys;
    }

    /** Files smaller than this do not end at split keys. */
    public static long leastBytes(long targetFileBytes) {
        return targetFileBytes / LEAST_SHARE;
    }
}
