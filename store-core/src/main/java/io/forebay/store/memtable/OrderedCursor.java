package io.forebay.store.memtable;

import io.forebay.store.util.Slab;

/**
 * A position in the tree of an {@link OrderedIndex}. It goes along the leaves, and stays on the keys that it found in one until it
 * leaves them; keys that are linked meanwhile may be among those that come, or not. Used by one thread.
 */
final class OrderedCursor {
    /** So many records are touched at a time, so that memory delivers them at the same time and not one after the other. */
    private static final int AHEAD = 8;

    private static final int LINE_BYTES = 64;

    private final OrderedIndex index;
    private final Arena arena;
    /** As it was when the cursor came to it. */
    private OrderedNode leaf;

    private int place;
    /** The records of the leaf that were touched: {@code [askedFrom, askedTo)}. */
    private int askedFrom;

    private int askedTo;
    /** Written so that no compiler removes the loads. */
    private int touched;

    OrderedCursor(OrderedIndex index, Arena arena) {
        this.index = index;
        this.arena = arena;
    }

    /** Moves to the first key record and returns it; 0 when there is none. All moves return their record in this way. */
    int first() {
        OrderedNode at = index.root();
        if (at == null) {
            return 0;
        }
        while (!at.isLeaf()) {
            at = at.child(0);
        }
        return enter(at, 0);
    }

    int last() {
        OrderedNode at = index.root();
        if (at == null) {
            return 0;
        }
        while (!at.isLeaf()) {
            at = at.child(at.count - 1);
        }
        return enter(at, at.count - 1);
    }

    /** Moves to the first key at or after the target. */
    int firstFrom(byte[] target, int offset, int length) {
        if (!find(target, offset, length)) {
            return 0;
        }
        askNothing();
        return place < leaf.count ? leaf.refs[place] : nextLeaf();
    }

    /** Moves to the last key before the target. */
    int lastBefore(byte[] target, int offset, int length) {
        if (!find(target, offset, length)) {
            return 0;
        }
        place--;
        askNothing();
        return place >= 0 ? leaf.refs[place] : previousLeaf();
    }

    /** Moves to the next key; only after a move that returned a key. */
    int next() {
        if (++place >= leaf.count) {
            return nextLeaf();
        }
        if (place >= askedTo) {
            askedFrom = place;
            askedTo = Math.min(leaf.count, place + AHEAD);
            ask();
        }
        return leaf.refs[place];
    }

    /** Moves to the previous key; only after a move that returned a key. */
    int prev() {
        if (--place < 0) {
            return previousLeaf();
        }
        if (place < askedFrom) {
            askedTo = place + 1;
            askedFrom = Math.max(0, askedTo - AHEAD);
            ask();
        }
        return leaf.refs[place];
    }

    /**
     * Goes to the leaf of the target, to the first key in it that is not before the target, or behind all. False when there are
     * no keys.
     */
    private boolean find(byte[] target, int offset, int length) {
        OrderedNode node = index.root();
        if (node == null) {
            return false;
        }
        while (!node.isLeaf()) {
            // the child whose separator is the last one at or before the target
            int child = node.countBefore(arena, target, offset, length);
            boolean equal = child < node.count && node.isEqual(arena, child, target, offset, length);
            node = node.child(Math.max(0, equal ? child : child - 1));
        }
        leaf = node;
        place = node.countBefore(arena, target, offset, length);
        return true;
    }

    private int enter(OrderedNode node, int index) {
        leaf = node;
        place = index;
        askNothing();
        return node.refs[index];
    }

    /** After a seek no other records are touched, because a caller that only seeks has no use for them. */
    private void askNothing() {
        askedFrom = place;
        askedTo = place + 1;
    }

    /**
     * Touches the first lines of the records that come next: records that are neighbours in key order lie anywhere in memory.
     */
    private void ask() {
        int sum = 0;
        for (int i = askedFrom; i < askedTo; i++) {
            int ref = leaf.refs[i];
            Slab slab = arena.slab(ref);
            int at = Arena.offset(ref);
            sum += slab.getByte(at) + slab.getByte(Math.min(at + LINE_BYTES, slab.capacity() - 1));
        }
        touched = sum;
    }

    private int nextLeaf() {
        LeafPlace right = leaf.right;
        return right == null ? 0 : enter(right.leaf(), 0);
    }

    private int previousLeaf() {
        LeafPlace left = leaf.place.left();
        if (left == null) {
            return 0;
        }
        OrderedNode node = left.leaf();
        while (node.right != leaf.place) {
            node = node.right.leaf();
        }
        return enter(node, node.count - 1);
    }

    /** Drops its leaf as well, so that a closed cursor keeps no memory. */
    void close() {
        leaf = null;
        index.closeCursor();
    }
}
