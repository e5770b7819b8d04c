package io.forebay.store.sst;

import io.forebay.store.KeyRange;
import java.io.IOException;

/** Files of one sorted run, in key order, for a cursor over all of them. Their visible ranges are disjoint. Immutable. */
public interface SstSequence {
    /** At least 1. */
    int count();

    /** The last file whose visible range starts at or before the key; -1 when there is none. */
    int floor(byte[] key, int offset, int length);

    /**
     * The reader of a file, valid for at least one operation.
     *
     * @param fillCache false for a reader that is used for scans past the cache only
     */
    SstReader reader(int index, boolean fillCache) throws IOException;

    /** The part of the file that may be seen. */
    KeyRange visible(int index);

    /** The override sequence of the file, or -1. */
    long overrideSequence(int index);
}
