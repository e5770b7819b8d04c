package io.forebay.store.memtable;

import io.forebay.store.util.Cancellation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Merges sorted key records into a tree of {@link OrderedNode}s: first all that is new is made beside the tree, which may fail or
 * be cancelled, then {@link #show} puts it in. An inner node stays when its children were not cut: they are replaced in it. Used
 * by one thread.
 */
final class TreeMerge {
    /** How far nodes that are cut from a long row are filled. */
    private static final int FILL = OrderedNode.WIDTH * 7 / 8;

    private final Arena arena;
    private final int[] batch;
    private final long[] batchHeads;
    private final Cancellation cancellation;
    private final List<LeafChange> leafChanges = new ArrayList<>();
    private final List<ChildChange> childChanges = new ArrayList<>();

    /**
     * @param batch sorted key records, none in the tree yet
     * @param batchHeads the first eight bytes of their keys
     */
    TreeMerge(Arena arena, int[] batch, long[] batchHeads, Cancellation cancellation) {
        this.arena = arena;
        this.batch = batch;
        this.batchHeads = batchHeads;
        this.cancellation = cancellation;
    }

    /**
     * A place gets another leaf, and {@code behind}, the place behind the new ones, another left one. {@code behind} is null when
     * there is no such change.
     */
    private record LeafChange(LeafPlace place, OrderedNode leaf, LeafPlace behind, LeafPlace last) {}

    private record ChildChange(OrderedNode parent, int index, OrderedNode child) {}

    /**
     * Sibling nodes that are being made. Every node has a separator: a key at or before the first key of the node, and after
     * all keys of the nodes before it.
     */
    private static final class Row {
        /** Where in the keys of the separators the heads start. */
        final int skip;

        OrderedNode[] nodes;
        int[] separators;
        long[] heads;
        int count;

        Row(int skip, int capacity) {
            this.skip = skip;
            this.nodes = new OrderedNode[capacity];
            this.separators = new int[capacity];
            this.heads = new long[capacity];
        }

        void add(OrderedNode node, int separator, long head) {
            if (count == nodes.length) {
                nodes = Arrays.copyOf(nodes, count * 2);
                separators = Arrays.copyOf(separators, count * 2);
                heads = Arrays.copyOf(heads, count * 2);
            }
            nodes[count] = node;
            separators[count] = separator;
            heads[count++] = head;
        }

        void addAll(OrderedNode parent, int from, int to) {
            for (int i = from; i < to; i++) {
                add(parent.child(i), parent.refs[i], parent.heads[i]);
            }
        }
    }

    /**
     * Makes a tree with the keys of {@code root} (null: empty) and the first {@code count} records of the batch.
     *
     * @return its root, for after {@link #show}; maybe the same one
     */
    OrderedNode merge(OrderedNode root, int count) {
        Row row = new Row(0, 4);
        if (root == null) {
            cutLeaves(
                    row,
                    new LeafPlace(null),
                    null,
                    0,
                    Arrays.copyOf(batch, count),
                    Arrays.copyOf(batchHeads, count),
                    0,
                    0,
                    batch[0],
                    batchHeads[0]);
        } else {
            merge(root, 0, count, 0, 0, root.refs[0], root.heads[0], row);
        }
        while (row.count > 1) {
            Row above = new Row(0, 4);
            cutInner(above, row, 0, 0, row.separators[0], row.heads[0]);
            row = above;
        }
        return row.nodes[0];
    }

    /**
     * Changes the tree, but for its root. Allocates nothing, so that it is done as a whole. All that a cursor comes to meanwhile
     * has the keys of before: who finds a new place finds what the place on its left has kept, and who comes from a parent of
     * before finds the leaf of before it was cut.
     */
    void show() {
        for (int i = 0; i < leafChanges.size(); i++) {
            LeafChange change = leafChanges.get(i);
            change.place.setLeaf(change.leaf);
            if (change.behind != null) {
                change.behind.setLeft(change.last);
            }
        }
        for (int i = 0; i < childChanges.size(); i++) {
            ChildChange change = childChanges.get(i);
            change.parent.setChild(change.index, change.child);
        }
    }

    /**
     * Merges {@code batch[from, to)} into a subtree, and adds the nodes that take its place to {@code out}.
     *
     * @param low the separator before the subtree, 0 for none
     * @param high the separator after the subtree, 0 for none
     * @param separator the separator that {@code out} gets for the first node, with its head
     */
    private void merge(OrderedNode node, int from, int to, int low, int high, int separator, long head, Row out) {
        if (node.isLeaf()) {
            mergeLeaf(node, from, to, low, high, separator, head, out);
            return;
        }
        Row row = new Row(node.skip, node.count + 2);
        int done = 0;
        int at = from;
        while (at < to) {
            int child = node.countBefore(arena, batch[at], Math.max(1, done)) - 1;
            row.addAll(node, done, child);
            boolean last = child + 1 == node.count;
            int stop = last ? to : batchBefore(node.refs[child + 1], at + 1, to);
            int childLow = child == 0 ? low : node.refs[child];
            int childHigh = last ? high : node.refs[child + 1];
            merge(node.child(child), at, stop, childLow, childHigh, node.refs[child], node.heads[child], row);
            done = child + 1;
            at = stop;
        }
        row.addAll(node, done, node.count);
        if (row.count > node.count) {
            cutInner(out, row, low, high, separator, head);
            return;
        }
        for (int i = 0; i < row.count; i++) {
            if (row.nodes[i] != node.child(i)) {
                childChanges.add(new ChildChange(node, i, row.nodes[i]));
            }
        }
        out.add(node, separator, head);
    }

    /** The index of the first record in {@code batch[from, to)} that is not before {@code ref}. */
    private int batchBefore(int ref, int from, int to) {
        int low = from;
        int high = to;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (OrderedNode.compare(arena, batch[middle], ref) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private void mergeLeaf(OrderedNode leaf, int from, int to, int low, int high, int separator, long head, Row out) {
        int total = leaf.count + to - from;
        int[] refs = new int[total];
        long[] heads = new long[total];
        int old = 0;
        int at = 0;
        for (int i = from; i < to; i++) {
            int stop = leaf.countBefore(arena, batch[i], old);
            System.arraycopy(leaf.refs, old, refs, at, stop - old);
            System.arraycopy(leaf.heads, old, heads, at, stop - old);
            at += stop - old;
            old = stop;
            refs[at] = batch[i];
            heads[at++] = leaf.skip == 0 ? batchHeads[i] : OrderedNode.head(arena, batch[i], leaf.skip);
        }
        System.arraycopy(leaf.refs, old, refs, at, leaf.count - old);
        System.arraycopy(leaf.heads, old, heads, at, leaf.count - old);
        cutLeaves(out, leaf.place, leaf.right, leaf.skip, refs, heads, low, high, separator, head);
    }

    /** Cuts keys into leaves: the first one for a place, with {@code right} on its right so far, the others for new ones. */
    private void cutLeaves(
            Row out,
            LeafPlace place,
            LeafPlace right,
            int skip,
            int[] refs,
            long[] heads,
            int low,
            int high,
            int separator,
            long head) {
        int total = refs.length;
        if (total <= OrderedNode.WIDTH) {
            OrderedNode leaf = OrderedNode.leaf(skip, heads, refs, place, right);
            leafChanges.add(new LeafChange(place, leaf, null, null));
            out.add(leaf, separator, head);
            return;
        }
        OrderedNode firstLeaf = null;
        LeafPlace at = place;
        int start = 0;
        for (int stop; start < total; start = stop) {
            cancellation.check();
            stop = endOfPiece(start, total, high);
            int[] pieceRefs = Arrays.copyOfRange(refs, start, stop);
            int pieceSkip = OrderedNode.skip(arena, start == 0 ? low : refs[start], stop == total ? high : refs[stop]);
            long[] pieceHeads =
                    pieceSkip == skip ? Arrays.copyOfRange(heads, start, stop) : heads(pieceRefs, pieceSkip);
            LeafPlace next = stop == total ? right : new LeafPlace(at);
            OrderedNode leaf = OrderedNode.leaf(pieceSkip, pieceHeads, pieceRefs, at, next);
            add(out, leaf, start, refs[start], separator, head);
            if (start == 0) {
                firstLeaf = leaf;
            } else {
                at.setLeaf(leaf);
            }
            if (stop < total) {
                at = next;
            }
        }
        leafChanges.add(new LeafChange(place, firstLeaf, right, at));
    }

    private void cutInner(Row out, Row row, int low, int high, int separator, long head) {
        int total = row.count;
        int start = 0;
        for (int stop; start < total; start = stop) {
            stop = total <= OrderedNode.WIDTH ? total : endOfPiece(start, total, high);
            int[] refs = Arrays.copyOfRange(row.separators, start, stop);
            int skip = stop - start == total
                    ? row.skip
                    : OrderedNode.skip(
                            arena,
                            start == 0 ? low : row.separators[start],
                            stop == total ? high : row.separators[stop]);
            long[] heads = skip == row.skip ? Arrays.copyOfRange(row.heads, start, stop) : heads(refs, skip);
            OrderedNode[] children = Arrays.copyOfRange(row.nodes, start, stop);
            add(out, OrderedNode.inner(skip, heads, refs, children), start, refs[0], separator, head);
        }
    }

    /** Adds a piece of a row; the first piece gets the separator of the whole row. */
    private void add(Row out, OrderedNode piece, int start, int first, int separator, long head) {
        if (start == 0) {
            out.add(piece, separator, head);
        } else {
            out.add(piece, first, OrderedNode.head(arena, first, out.skip));
        }
    }

    private long[] heads(int[] refs, int skip) {
        long[] heads = new long[refs.length];
        for (int i = 0; i < refs.length; i++) {
            heads[i] = OrderedNode.head(arena, refs[i], skip);
        }
        return heads;
    }

    /** Cuts evenly. But where keys are added after all others, all nodes but the last one are filled. */
    private static int endOfPiece(int start, int total, int high) {
        int rest = total - start;
        int pieces = (rest + FILL - 1) / FILL;
        return high == 0 && pieces > 1 ? start + FILL : start + (rest + pieces - 1) / pieces;
    }
}
