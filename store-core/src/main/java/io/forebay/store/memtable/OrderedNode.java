package io.forebay.store.memtable;

import io.forebay.store.util.Slab;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * A node of {@link OrderedIndex}: up to {@link #WIDTH} keys in order, as refs of key records, and in an inner node the subtree
 * that starts at each of them. A node that gets other keys is replaced. Next to every ref lie eight bytes of its key, so that
 * a search seldom touches records. Those bytes start at offset {@code skip} of the key: all keys that a search can bring to
 * this node agree in the bytes before.
 */
final class OrderedNode {
    static final int WIDTH = 64;
    /** With fewer common bytes than this, {@code skip} is 0, so that the heads of keys need not be read again. */
    private static final int WORTH_SKIPPING = 5;

    private static final VarHandle CHILD = MethodHandles.arrayElementVarHandle(OrderedNode[].class);

    final int skip;
    /** Null in an inner node. */
    final LeafPlace place;
    /** The place after this leaf; null for none, and in an inner node. */
    final LeafPlace right;

    /** Null in a leaf. OrderedIndex replaces elements, by release, with nodes for the same span of keys. */
    private final OrderedNode[] children;

    // Guarded by OrderedIndex; not changed while a cursor is open
    int count;
    long[] heads;
    int[] refs;

    private OrderedNode(int skip, long[] heads, int[] refs, OrderedNode[] children, LeafPlace place, LeafPlace right) {
        this.skip = skip;
        this.heads = heads;
        this.refs = refs;
        this.children = children;
        this.place = place;
        this.right = right;
        this.count = refs.length;
    }

    static OrderedNode inner(int skip, long[] heads, int[] refs, OrderedNode[] children) {
        return new OrderedNode(skip, heads, refs, children, null, null);
    }

    static OrderedNode leaf(int skip, long[] heads, int[] refs, LeafPlace place, LeafPlace right) {
        return new OrderedNode(skip, heads, refs, null, place, right);
    }

    OrderedNode child(int index) {
        return (OrderedNode) CHILD.getAcquire(children, index);
    }

    void setChild(int index, OrderedNode child) {
        CHILD.setRelease(children, index, child);
    }

    boolean isLeaf() {
        return children == null;
    }

    /**
     * The number of leading bytes to skip for keys from {@code low} to {@code high}, which are refs of keys, or 0 for no bound.
     */
    static int skip(Arena arena, int low, int high) {
        if (low == 0 || high == 0) {
            return 0;
        }
        Slab a = arena.slab(low);
        int aAt = Arena.offset(low);
        Slab b = arena.slab(high);
        int bAt = Arena.offset(high);
        int shorter = Math.min(a.getInt(aAt + Records.KEY_LENGTH), b.getInt(bAt + Records.KEY_LENGTH));
        int common = 0;
        while (common < shorter && a.getByte(aAt + Records.KEY + common) == b.getByte(bAt + Records.KEY + common)) {
            common++;
        }
        return common < WORTH_SKIPPING ? 0 : common;
    }

    /** Eight bytes of a key from offset {@code skip} on. */
    static long head(Arena arena, int ref, int skip) {
        Slab slab = arena.slab(ref);
        int at = Arena.offset(ref);
        int length = slab.getInt(at + Records.KEY_LENGTH);
        return length > skip ? slab.head(at + Records.KEY + skip, length - skip) : 0;
    }

    /** The number of keys in this node that are before the target. The target must belong to this node. */
    int countBefore(Arena arena, byte[] target, int offset, int length) {
        long targetHead = length > skip ? Slab.head(target, offset + skip, length - skip) : 0;
        int low = 0;
        int high = count;
        while (low < high) {
            int middle = (low + high) >>> 1;
            int order = Long.compareUnsigned(heads[middle], targetHead);
            if (order == 0) {
                order = compare(arena, refs[middle], target, offset, length);
            }
            if (order < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** As {@link #countBefore(Arena, byte[], int, int)}, for a key record, from index {@code from} on. */
    int countBefore(Arena arena, int ref, int from) {
        long targetHead = head(arena, ref, skip);
        int low = from;
        int high = count;
        while (low < high) {
            int middle = (low + high) >>> 1;
            int order = Long.compareUnsigned(heads[middle], targetHead);
            if (order == 0) {
                order = compare(arena, refs[middle], ref);
            }
            if (order < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** Whether a key of this node is the target. */
    boolean isEqual(Arena arena, int index, byte[] target, int offset, int length) {
        long targetHead = length > skip ? Slab.head(target, offset + skip, length - skip) : 0;
        return heads[index] == targetHead && compare(arena, refs[index], target, offset, length) == 0;
    }

    private static int compare(Arena arena, int ref, byte[] target, int offset, int length) {
        Slab slab = arena.slab(ref);
        int at = Arena.offset(ref);
        int keyLength = slab.getInt(at + Records.KEY_LENGTH);
        return slab.compare(at + Records.KEY, keyLength, target, offset, length);
    }

    /** Compares the keys of two records. */
    static int compare(Arena arena, int ref, int other) {
        Slab slab = arena.slab(ref);
        int at = Arena.offset(ref);
        Slab otherSlab = arena.slab(other);
        int otherAt = Arena.offset(other);
        return slab.compare(
                at + Records.KEY,
                slab.getInt(at + Records.KEY_LENGTH),
                otherSlab,
                otherAt + Records.KEY,
                otherSlab.getInt(otherAt + Records.KEY_LENGTH));
    }

    /** Inserts a key into a leaf that is not full and that no cursor sees. */
    void insert(int index, int ref, long head) {
        if (count == refs.length) {
            int larger = Math.min(WIDTH, count + WIDTH / 8);
            int[] largerRefs = Arrays.copyOf(refs, larger);
            heads = Arrays.copyOf(heads, larger);
            refs = largerRefs;
        }
        System.arraycopy(refs, index, refs, index + 1, count - index);
        System.arraycopy(heads, index, heads, index + 1, count - index);
        refs[index] = ref;
        heads[index] = head;
        count++;
    }
}
