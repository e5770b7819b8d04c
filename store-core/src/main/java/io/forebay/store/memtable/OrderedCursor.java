package io.forebay.store.memtable;

import io.forebay.store.util.Slab;
import java.util.Arrays;

/** A position in the tree of an {@link OrderedIndex} as it was when the cursor was opened. Used by one thread. */
final class OrderedCursor {
    private static final int MAX_DEPTH = 12;
    /** So many records are touched at a time, so that memory delivers them at the same time and not one after the other. */
    private static final int AHEAD = 8;

    private static final int LINE_BYTES = 64;

    private final OrderedIndex index;
    private final Arena arena;
    private OrderedNode root;
    private final OrderedNode[] path = new OrderedNode[MAX_DEPTH];
    private final int[] places = new int[MAX_DEPTH];
    private OrderedNode leaf;
    private int place;
    private int depth;
    /** The records of the leaf that were touched: {@code [askedFrom, askedTo)}. */
    private int askedFrom;

    private int askedTo;
    /** Written so that no compiler removes the loads. */
    private int touched;

    OrderedCursor(OrderedIndex index, Arena arena, OrderedNode root) {
        this.index = index;
        this.arena = arena;
        this.root = root;
    }

    /** Moves to the first key record and returns it; 0 when there is none. All moves return their record in this way. */
    int first() {
        return root == null ? 0 : descend(root, 0, true);
    }

    int last() {
        return root == null ? 0 : descend(root, 0, false);
    }

    /** Moves to the first key at or after the target. */
    int firstFrom(byte[] target, int offset, int length) {
        if (root == null) {
            return 0;
        }
        place = find(target, offset, length);
        askNothing();
        return place < leaf.count ? leaf.refs[place] : nextLeaf();
    }

    /** Moves to the last key before the target. */
    int lastBefore(byte[] target, int offset, int length) {
        if (root == null) {
            return 0;
        }
        place = find(target, offset, length) - 1;
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

    /** Goes to the leaf of the target, and returns how many of its keys are before it. */
    private int find(byte[] target, int offset, int length) {
        OrderedNode node = root;
        depth = 0;
        while (!node.isLeaf()) {
            // the child whose separator is the last one at or before the target
            int child = node.countBefore(arena, target, offset, length);
            boolean equal = child < node.count && node.isEqual(arena, child, target, offset, length);
            child = Math.max(0, equal ? child : child - 1);
            path[depth] = node;
            places[depth++] = child;
            node = node.children[child];
        }
        leaf = node;
        return node.countBefore(arena, target, offset, length);
    }

    private int descend(OrderedNode from, int fromDepth, boolean toFirst) {
        OrderedNode node = from;
        depth = fromDepth;
        while (!node.isLeaf()) {
            path[depth] = node;
            places[depth] = toFirst ? 0 : node.count - 1;
            node = node.children[places[depth++]];
        }
        leaf = node;
        place = toFirst ? 0 : node.count - 1;
        askNothing();
        return node.refs[place];
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
        for (int level = depth - 1; level >= 0; level--) {
            if (places[level] + 1 < path[level].count) {
                return descend(path[level].children[++places[level]], level + 1, true);
            }
        }
        return 0;
    }

    private int previousLeaf() {
        for (int level = depth - 1; level >= 0; level--) {
            if (places[level] > 0) {
                return descend(path[level].children[--places[level]], level + 1, false);
            }
        }
        return 0;
    }

    /** Drops the tree as well, so that a closed cursor keeps no memory. */
    void close() {
        root = null;
        leaf = null;
        Arrays.fill(path, null);
        index.closeCursor();
    }
}
