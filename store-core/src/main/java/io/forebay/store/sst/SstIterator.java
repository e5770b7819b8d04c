package io.forebay.store.sst;

import io.forebay.store.KeyRange;
import io.forebay.store.sst.block.BlockIterator;
import java.io.IOException;
import java.util.Arrays;

/**
 * A cursor over the visible part of a file. Bounds are looked for once a block, so that a step compares nothing. Holds one
 * data block while it is valid, and nothing else.
 */
final class SstIterator extends BlockIterator {
    private final TopIndex top;
    private final BlockAccess access;
    private final byte[] from;
    private final byte[] to;
    /** The file has entries before, or at and after, the visible range. */
    private final boolean clippedBelow;

    private final boolean clippedAbove;
    private final boolean empty;
    private int dataBlock;
    /** The visible entries of the current block: {@code [first, end)}. */
    private int first;

    private int end;

    SstIterator(SstProperties properties, TopIndex top, BlockAccess access, KeyRange visible, long overrideSequence) {
        super(overrideSequence);
        this.top = top;
        this.access = access;
        this.from = visible.from();
        this.to = visible.to();
        this.empty = visible.isEmpty() || properties.entries() == 0;
        this.clippedBelow = !empty && Arrays.compareUnsigned(properties.smallestKey(), from) < 0;
        this.clippedAbove = !empty && to != null && Arrays.compareUnsigned(properties.largestKey(), to) >= 0;
    }

    @Override
    public void seekToFirst() throws IOException {
        if (clippedBelow) {
            seekInside(from, 0, from.length);
        } else if (empty) {
            leave();
        } else {
            enter(0);
            settle(first);
        }
    }

    @Override
    public void seekToLast() throws IOException {
        if (clippedAbove) {
            seekBeforeInside(to, 0, to.length);
        } else if (empty) {
            leave();
        } else {
            enter(top.dataBlocks() - 1);
            settle(end - 1);
        }
    }

    @Override
    public void seek(byte[] target, int offset, int length) throws IOException {
        if (clippedBelow && Arrays.compareUnsigned(target, offset, offset + length, from, 0, from.length) < 0) {
            seekInside(from, 0, from.length);
        } else {
            seekInside(target, offset, length);
        }
    }

    private void seekInside(byte[] target, int offset, int length) throws IOException {
        int partition = empty ? top.partitions() : top.find(target, offset, length);
        if (partition == top.partitions()) {
            leave();
            return;
        }
        enter(access.find(partition, target, offset, length));
        int index = lowerBound(target, offset, length);
        if (index < count()) {
            settle(index);
        } else {
            // The target is behind the last key of the block, and not behind its separator.
            enterNext();
        }
    }

    @Override
    public void seekBefore(byte[] target, int offset, int length) throws IOException {
        if (clippedAbove && Arrays.compareUnsigned(target, offset, offset + length, to, 0, to.length) > 0) {
            seekBeforeInside(to, 0, to.length);
        } else {
            seekBeforeInside(target, offset, length);
        }
    }

    private void seekBeforeInside(byte[] target, int offset, int length) throws IOException {
        if (empty) {
            leave();
            return;
        }
        int partition = top.find(target, offset, length);
        if (partition == top.partitions()) {
            enter(top.dataBlocks() - 1);
            settle(end - 1);
            return;
        }
        enter(access.find(partition, target, offset, length));
        int index = lowerBound(target, offset, length) - 1;
        if (index >= 0) {
            settle(index);
        } else {
            enterPrevious();
        }
    }

    @Override
    public void next() throws IOException {
        if (index() + 1 < end) {
            stepForward();
        } else if (end < count()) {
            leave();
        } else {
            enterNext();
        }
    }

    @Override
    public void prev() throws IOException {
        if (index() > first) {
            stepBack();
        } else if (first > 0) {
            leave();
        } else {
            enterPrevious();
        }
    }

    private void enterNext() throws IOException {
        if (dataBlock + 1 == top.dataBlocks()) {
            leave();
        } else {
            enter(dataBlock + 1);
            settle(0);
        }
    }

    private void enterPrevious() throws IOException {
        if (dataBlock == 0) {
            leave();
        } else {
            enter(dataBlock - 1);
            settle(count() - 1);
        }
    }

    /** Opens a data block and looks for the visible entries in it. */
    private void enter(int newBlock) throws IOException {
        closeBlock();
        access.data(newBlock);
        dataBlock = newBlock;
        open(access.slab, access.at, access.length);
        first = clippedBelow ? lowerBound(from, 0, from.length) : 0;
        end = clippedAbove ? lowerBound(to, 0, to.length) : count();
    }

    /** To this entry, unless it is outside of the visible range. */
    private void settle(int index) {
        if (index >= first && index < end) {
            moveTo(index);
        } else {
            leave();
        }
    }

    private void leave() {
        closeBlock();
        access.release();
    }

    @Override
    public void close() {
        closeBlock();
        access.close();
    }
}
