package io.forebay.store.db.state;

import io.forebay.store.MergeFunction;
import io.forebay.store.util.Callbacks;
import java.util.List;

/**
 * The merge function as writes call it, inside the {@link WriterGate}: calls that would enter the gate again are
 * refused.
 */
record GuardedMerge(MergeFunction function, WriterGate gate) implements MergeFunction {
    /** @return null for a null function */
    static MergeFunction of(MergeFunction function, WriterGate gate) {
        return function == null ? null : new GuardedMerge(function, gate);
    }

    @Override
    public String name() {
        return function.name();
    }

    @Override
    public byte[] merge(byte[] key, List<byte[]> values) {
        Callbacks.enter("the merge function of a write", gate);
        try {
            return function.merge(key, values);
        } finally {
            Callbacks.leave();
        }
    }

    @Override
    public int appendDelimiter() {
        return function.appendDelimiter();
    }
}
