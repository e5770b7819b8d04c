package io.forebay.store.sst;

import io.forebay.store.KeyRange;
import java.io.IOException;

/** Files of one sorted run, in key order, for a cursor over all of them. Their visible ranges are disjoint. Immutable. */
public interface SstSequence {
    /** At least 1. */
    int count();

    /** The last file whose visible range begins at or before the key; -1 when there is none. */
    int floor(byte[] key, int offset, int length);

    /**
     * The reader of a file, good for one operation at least.
     *
     * @param fillCache false for one that is asked for scans past the cache only
     */
    SstReader reader(int index, boolean fillCache) throws IOException;

    /** What of the file may be seen. */
    KeyRange visible(int index);

    /** The sequence that all entries of the file count as, or -1. */
    long overrideSequence(int index);
}
