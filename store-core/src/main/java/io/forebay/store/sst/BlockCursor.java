package io.forebay.store.sst;

import io.forebay.store.sst.block.BlockIterator;
import io.forebay.store.util.Slab;

/** A cursor over the entries of one block. Used by one thread. */
final class BlockCursor extends BlockIterator {
    BlockCursor() {
        super(-1);
    }

    /** Moves to the first entry of the validated block in {@code slab[at, at + length)}, without trailer. */
    void enter(Slab slab, int at, int length) {
        open(slab, at, length);
        moveTo(0);
    }

    boolean isFirst() {
        return index() == 0;
    }

    int size() {
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
        to(lowerBound(target, offset, length));
    }

    @Override
    public void seekBefore(byte[] target, int offset, int length) {
        to(lowerBound(target, offset, length) - 1);
    }

    @Override
    public void next() {
        to(index() + 1);
    }

    @Override
    public void prev() {
        to(index() - 1);
    }

    private void to(int index) {
        if (index >= 0 && index < count()) {
            moveTo(index);
        } else {
            valid = false;
        }
    }

    @Override
    public void close() {
        closeBlock();
    }
}
