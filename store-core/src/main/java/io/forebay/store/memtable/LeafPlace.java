package io.forebay.store.memtable;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A place among the leaves of {@link OrderedIndex}, which lives as long as the tree: the leaf that is there is replaced when it
 * gets keys. When these become too many, the place keeps the first ones, and new places on its right take the rest. So a place
 * never begins at another key, and leaves that were replaced refer to places only: a cursor that stays on one keeps none of the
 * others alive.
 *
 * <pre>
 *   before      [ a .. e ] ----&gt; [ f .. k ] ----&gt; [ l .. r ]
 *
 *   after       [ a .. e ] ----&gt; [ f .. h ] ----&gt; [ i .. k ] ----&gt; [ l .. r ]
 *                                same place       new
 * </pre>
 */
final class LeafPlace {
    private static final VarHandle LEAF;
    private static final VarHandle LEFT;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            LEAF = lookup.findVarHandle(LeafPlace.class, "leaf", OrderedNode.class);
            LEFT = lookup.findVarHandle(LeafPlace.class, "left", LeafPlace.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    // Written under OrderedIndex, read without
    private OrderedNode leaf;
    private LeafPlace left;

    /** The caller sets the leaf before it shows the place to others. */
    LeafPlace(LeafPlace left) {
        this.left = left;
    }

    OrderedNode leaf() {
        return (OrderedNode) LEAF.getAcquire(this);
    }

    void setLeaf(OrderedNode replacement) {
        LEAF.setRelease(this, replacement);
    }

    /**
     * The place on the left, or one further to the left while the left one is being cut; null in the first one. From there
     * {@link OrderedNode#right} leads back to this place.
     */
    LeafPlace left() {
        return (LeafPlace) LEFT.getAcquire(this);
    }

    void setLeft(LeafPlace place) {
        LEFT.setRelease(this, place);
    }
}
