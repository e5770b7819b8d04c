package io.forebay.store.sst;

import io.forebay.store.KeyRange;

/** A single file with its reader. */
record OneFile(SstReader reader, KeyRange visible, long overrideSequence) implements SstSequence {
    @Override
    public int count() {
        return 1;
    }

    @Override
    public int floor(byte[] key, int offset, int length) {
        return 0;
    }

    @Override
    public SstReader reader(int index, boolean fillCache) {
        return reader;
    }

    @Override
    public KeyRange visible(int index) {
        return visible;
    }

    @Override
    public long overrideSequence(int index) {
        return overrideSequence;
    }
}
