package io.forebay.store.rangedel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/**
 * Range deletes to which one at a time is added, as in a memtable. Every tree is immutable, and {@link #with} returns a new
 * tree that shares all but O(log n) nodes with the old one. So a reader takes a snapshot by reading a reference.
 *
 * <p>A treap: a search tree by start key, and a heap by pseudo-random priority, which keeps it balanced.
 */
public final class FragmentTree implements RangeTombstones {
    public static final FragmentTree EMPTY = new FragmentTree(null, 0);

    /** Heap bytes of a fragment without its keys: tree node, record, array headers; an estimate. */
    private static final int FRAGMENT_BYTES = 128;

    private final Node root;
    private final int nodesMade;

    private FragmentTree(Node root, int nodesMade) {
        this.root = root;
        this.nodesMade = nodesMade;
    }

    private static final class Node {
        final Node left;
        final Node right;
        final Fragment fragment;
        final int priority;
        final int size;
        final long bytes;
        /** The most sequences that a fragment of this subtree has. */
        final int mostSequences;

        Node(Node left, Fragment fragment, Node right, int priority) {
            this.left = left;
            this.right = right;
            this.fragment = fragment;
            this.priority = priority;
            this.size = 1 + FragmentTree.size(left) + FragmentTree.size(right);
            this.bytes = FragmentTree.bytes(fragment) + FragmentTree.bytes(left) + FragmentTree.bytes(right);
            this.mostSequences = Math.max(
                    fragment.sequences().length,
                    Math.max(FragmentTree.mostSequences(left), FragmentTree.mostSequences(right)));
        }
    }

    private static int size(Node node) {
        return node == null ? 0 : node.size;
    }

    private static long bytes(Node node) {
        return node == null ? 0 : node.bytes;
    }

    private static int mostSequences(Node node) {
        return node == null ? 0 : node.mostSequences;
    }

    private static long bytes(Fragment fragment) {
        int keys = fragment.start().length + (fragment.end() == null ? 0 : fragment.end().length);
        return FRAGMENT_BYTES + keys + (long) fragment.sequences().length * Long.BYTES;
    }

    /** An estimate of the heap that this tree occupies. */
    public long bytes() {
        return bytes(root);
    }

    /** What {@link #bytes} is of a tree with one range delete alone, with bounds of {@code keyBytes} together. */
    public static long bytesOfOne(long keyBytes) {
        return FRAGMENT_BYTES + keyBytes + Long.BYTES;
    }

    /**
     * The most that {@link #bytes} can be after {@code count} more range deletes with bounds of {@code keyBytes} in all, of
     * which each may replace those that it covers.
     */
    public long bytesAfter(int count, long keyBytes) {
        // Every bound cuts at most one fragment in two, each with all its sequences; a gap between covered fragments
        // becomes a
        // fragment with the bounds of its neighbours. Of the new sequences a fragment has at most one.
        long cut = 2L * count * mostSequences(root) * Long.BYTES;
        return 2 * bytes()
                + 3L * count * (FRAGMENT_BYTES + 2 * Long.BYTES)
                + cut
                + 4 * keyBytes
                + size() * (long) Long.BYTES;
    }

    /**
     * This tree with one more range delete, which is newer than all others.
     *
     * @param to exclusive, after {@code from}; null: to the end. Both arrays are kept and must not be changed.
     * @param sequence higher than all before
     * @param pinned older range deletes above this sequence number are dropped where the new one covers them, because no reader
     *     has a limit between the two
     */
    public FragmentTree with(byte[] from, byte[] to, long sequence, long pinned) {
        Builder builder = new Builder(nodesMade);
        if (!overlaps(from, to)) {
            Node leaf = builder.leaf(new Fragment(from, to, new long[] {sequence}));
            return new FragmentTree(builder.insert(root, leaf), builder.nodesMade);
        }
        Node low = builder.before(root, from);
        Node rest = builder.from(root, from);
        Node covered = to == null ? rest : builder.before(rest, to);
        Node high = to == null ? null : builder.from(rest, to);
        Node middle = builder.cover(covered, from, to, sequence, pinned);
        return new FragmentTree(merge(merge(low, middle), high), builder.nodesMade);
    }

    private boolean overlaps(byte[] from, byte[] to) {
        Fragment next = endingAfter(from, 0, from.length);
        return next != null && (to == null || Arrays.compareUnsigned(next.start(), to) < 0);
    }

    /** Makes the new nodes of one step. */
    private static final class Builder {
        private int nodesMade;

        Builder(int nodesMade) {
            this.nodesMade = nodesMade;
        }

        private Node leaf(Fragment fragment) {
            // the finaliser of a common integer hash: enough to keep a treap balanced
            int priority = ++nodesMade * 0x9E3779B9;
            priority ^= priority >>> 15;
            priority *= 0x85EBCA6B;
            priority ^= priority >>> 13;
            return new Node(null, fragment, null, priority);
        }

        /** Adds a node that overlaps no other. This copies one path, and the general way copies five. */
        Node insert(Node node, Node leaf) {
            if (node == null) {
                return leaf;
            }
            byte[] start = leaf.fragment.start();
            if (leaf.priority > node.priority) {
                return new Node(before(node, start), leaf.fragment, from(node, start), leaf.priority);
            }
            return Arrays.compareUnsigned(start, node.fragment.start()) < 0
                    ? new Node(insert(node.left, leaf), node.fragment, node.right, node.priority)
                    : new Node(node.left, node.fragment, insert(node.right, leaf), node.priority);
        }

        /** The part of a subtree before {@code bound}; a fragment across it is cut. */
        Node before(Node node, byte[] bound) {
            if (node == null) {
                return null;
            }
            Fragment fragment = node.fragment;
            if (Arrays.compareUnsigned(fragment.start(), bound) >= 0) {
                return before(node.left, bound);
            }
            if (fragment.end() != null && Arrays.compareUnsigned(fragment.end(), bound) <= 0) {
                return new Node(node.left, fragment, before(node.right, bound), node.priority);
            }
            Fragment cut = new Fragment(fragment.start(), bound, fragment.sequences());
            return new Node(node.left, cut, null, node.priority);
        }

        /** The part of a subtree at or after {@code bound}; a fragment across it is cut. */
        Node from(Node node, byte[] bound) {
            if (node == null) {
                return null;
            }
            Fragment fragment = node.fragment;
            if (Arrays.compareUnsigned(fragment.start(), bound) >= 0) {
                return new Node(from(node.left, bound), fragment, node.right, node.priority);
            }
            if (fragment.end() != null && Arrays.compareUnsigned(fragment.end(), bound) <= 0) {
                return from(node.right, bound);
            }
            Fragment cut = new Fragment(bound, fragment.end(), fragment.sequences());
            return new Node(null, cut, node.right, node.priority);
        }

        /** The fragments of {@code [from, to)}: the new sequence on top of {@code covered}, which lies within that range. */
        Node cover(Node covered, byte[] from, byte[] to, long sequence, long pinned) {
            List<Fragment> out = new ArrayList<>(1);
            byte[] at = from;
            for (Iterator<Fragment> old = new InOrder(covered); old.hasNext(); ) {
                Fragment fragment = old.next();
                long[] sequences = onTop(sequence, fragment.sequences(), pinned);
                if (sequences.length > 1) {
                    if (!Arrays.equals(at, fragment.start())) {
                        append(out, at, fragment.start(), new long[] {sequence});
                    }
                    append(out, fragment.start(), fragment.end(), sequences);
                    at = fragment.end();
                }
            }
            if (at != null && !Arrays.equals(at, to)) {
                append(out, at, to, new long[] {sequence});
            }
            Node node = null;
            for (Fragment fragment : out) {
                node = merge(node, leaf(fragment));
            }
            return node;
        }

        private static void append(List<Fragment> out, byte[] start, byte[] end, long[] sequences) {
            if (!out.isEmpty()) {
                Fragment last = out.get(out.size() - 1);
                if (Arrays.equals(last.sequences(), sequences)) {
                    out.set(out.size() - 1, new Fragment(last.start(), end, sequences));
                    return;
                }
            }
            out.add(new Fragment(start, end, sequences));
        }

        private static long[] onTop(long sequence, long[] older, long pinned) {
            int dropped = 0;
            while (dropped < older.length && older[dropped] > pinned) {
                dropped++;
            }
            long[] sequences = new long[1 + older.length - dropped];
            sequences[0] = sequence;
            System.arraycopy(older, dropped, sequences, 1, older.length - dropped);
            return sequences;
        }
    }

    /** Joins two trees, all of {@code low} before all of {@code high}. */
    private static Node merge(Node low, Node high) {
        if (low == null) {
            return high;
        }
        if (high == null) {
            return low;
        }
        return low.priority >= high.priority
                ? new Node(low.left, low.fragment, merge(low.right, high), low.priority)
                : new Node(merge(low, high.left), high.fragment, high.right, high.priority);
    }

    /** Length of the longest path, for tests. */
    int depth() {
        return depth(root);
    }

    private static int depth(Node node) {
        return node == null ? 0 : 1 + Math.max(depth(node.left), depth(node.right));
    }

    @Override
    public boolean isEmpty() {
        return root == null;
    }

    @Override
    public int size() {
        return size(root);
    }

    @Override
    public Fragment endingAfter(byte[] key, int offset, int length) {
        Fragment found = null;
        for (Node node = root; node != null; ) {
            byte[] end = node.fragment.end();
            if (end == null || compare(end, key, offset, length) > 0) {
                found = node.fragment;
                node = node.left;
            } else {
                node = node.right;
            }
        }
        return found;
    }

    @Override
    public Fragment startingBefore(byte[] key, int offset, int length) {
        Fragment found = null;
        for (Node node = root; node != null; ) {
            if (compare(node.fragment.start(), key, offset, length) < 0) {
                found = node.fragment;
                node = node.right;
            } else {
                node = node.left;
            }
        }
        return found;
    }

    @Override
    public Fragment covering(byte[] key, int offset, int length) {
        Node node = root;
        Fragment last = null;
        while (node != null) {
            if (compare(node.fragment.start(), key, offset, length) <= 0) {
                last = node.fragment;
                node = node.right;
            } else {
                node = node.left;
            }
        }
        boolean covers = last != null && (last.end() == null || compare(last.end(), key, offset, length) > 0);
        return covers ? last : null;
    }

    private static int compare(byte[] bound, byte[] key, int offset, int length) {
        return Arrays.compareUnsigned(bound, 0, bound.length, key, offset, offset + length);
    }

    @Override
    public Iterable<Fragment> fragments() {
        return () -> new InOrder(root);
    }

    private static final class InOrder implements Iterator<Fragment> {
        private Node[] path = new Node[32];
        private int depth;

        InOrder(Node root) {
            pushLeft(root);
        }

        private void pushLeft(Node from) {
            for (Node node = from; node != null; node = node.left) {
                if (depth == path.length) {
                    path = Arrays.copyOf(path, depth * 2);
                }
                path[depth++] = node;
            }
        }

        @Override
        public boolean hasNext() {
            return depth > 0;
        }

        @Override
        public Fragment next() {
            if (depth == 0) {
                throw new NoSuchElementException();
            }
            Node node = path[--depth];
            pushLeft(node.right);
            return node.fragment;
        }
    }
}
