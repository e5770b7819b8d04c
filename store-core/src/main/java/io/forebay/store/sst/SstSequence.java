package io.forebay.store.sst;

import io.forebay.store.KeyRange;
import java.io.IOException;

/** Files of one sorted run, in key order, for a cursor over all of them. Their visible ranges are disjoint. Immutable. */
public interface SstSequence {
    /** One file, which the cursor has already. */
    SstSequence ONE = new SstSequence() {
        @Override
        public int count() {
            return 1;
        }

        @Override
        public int floor(byte[] key, int offset, int length) {
            return 0;
        }

        @Override
        public SstReader reader(int index) {
            throw new IllegalStateException("The only file is open");
        }

        @Override
        public KeyRange visible(int index) {
            throw new IllegalStateException("The only file is open");
        }

        @Override
        public long overrideSequence(int index) {
            throw new IllegalStateException("The only file is open");
        }
    };

    /** At least 1. */
    int count();

    /** The last file whose visible range begins at or before the key; -1 when there is none. */
    int floor(byte[] key, int offset, int length);

    /** The open reader, which stays open as long as cursors over these files are used. */
    SstReader reader(int index) throws IOException;

    /** What of the file may be seen. */
    KeyRange visible(int index);

    /** The sequence that all entries of the file count as, or -1. */
    long overrideSequence(int index);
}
