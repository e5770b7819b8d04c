package io.forebay.store.flush;

import io.forebay.store.version.SortedRun;
import java.util.ArrayList;
import java.util.List;

/**
 * Where the files of upper runs should end: at the borders between eight parts of the bottom run of about the same size.
 * When all upper runs are cut at the same places, a part of the key space can be merged into the bottom without touching
 * the rest.
 */
public final class Guides {
    private static final int PARTS = 8;

    /** Files are not cut below this share of the target size. */
    private static final int LEAST_SHARE = 32;

    private Guides() {}

    /** Borders inside of {@code bottom}, ascending; none when it is null or a single file. */
    public static List<byte[]> of(SortedRun bottom) {
        List<byte[]> guides = new ArrayList<>();
        if (bottom == null) {
            return guides;
        }
        long total = bottom.bytes();
        long before = 0;
        int part = 1;
        for (int i = 0; i < bottom.size(); i++) {
            if (part < PARTS && before * PARTS >= total * part) {
                guides.add(bottom.file(i).range().from());
                while (part < PARTS && before * PARTS >= total * part) {
                    part++;
                }
            }
            before += bottom.file(i).fileBytes();
        }
        return guides;
    }

    /** Files smaller than this are not cut at guides. */
    public static long leastBytes(long targetFileBytes) {
        return targetFileBytes / LEAST_SHARE;
    }
}
