package io.forebay.store.sst.block;

import io.forebay.store.util.Slab;

/** A cursor over a single block. */
final class OneBlock extends BlockIterator {
    OneBlock(Slab slab, int at, int length) {
        super(-1);
        open(slab, at, length);
    }

    int find(byte[] target, int offset, int length) {
        return lowerBound(target, offset, length);
    }

    void to(int index) {
        moveTo(index);
    }

    int entries() {
        return count();
    }

    @Override
    public void seekToFirst() {
        moveTo(0);
    }

    @Override
    public void seekToLast() {
        moveTo(count() - 1);
    }

    @Override
    public void seek(byte[] target, int offset, int length) {
        moveTo(lowerBound(target, offset, length));
    }

    @Override
    public void seekBefore(byte[] target, int offset, int length) {
        moveTo(lowerBound(target, offset, length) - 1);
    }

    @Override
    public void next() {
        stepForward();
    }

    @Override
    public void prev() {
        stepBack();
    }

    @Override
    public void close() {
        closeBlock();
    }
}
