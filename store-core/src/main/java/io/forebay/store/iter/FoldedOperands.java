package io.forebay.store.iter;

import io.forebay.store.MergeFunction;
import io.forebay.store.StoreException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The operands of one key and stripe, collected newest first, which a flush or compaction folds to one. When the merge function
 * fails on them, they are returned as they were written: operands that a user cannot read must not stop the job, and with it
 * the store, and a later job may be able to fold them. Used by one thread.
 */
final class FoldedOperands {
    private static final Logger LOG = LoggerFactory.getLogger(FoldedOperands.class);

    private final MergeFunction function;
    private final List<byte[]> values = new ArrayList<>();
    private long[] sequences = new long[16];
    /** The index of the operand that is returned next. */
    private int at;

    private boolean told;

    /** @param function may be null */
    FoldedOperands(MergeFunction function) {
        this.function = function;
    }

    void clear() {
        values.clear();
        at = 0;
    }

    /** Adds the next older operand. */
    void add(byte[] value, long sequence) {
        if (values.size() == sequences.length) {
            sequences = Arrays.copyOf(sequences, sequences.length * 2);
        }
        sequences[values.size()] = sequence;
        values.add(value);
    }

    /** All operands as one. Null when the function fails: then {@link #next} returns them one by one, newest first. */
    byte[] fold(byte[] key) {
        if (values.size() == 1) {
            return values.get(0);
        }
        if (function == null) {
            throw new StoreException("There are merge operands to fold but no merge function");
        }
        List<byte[]> oldestFirst = new ArrayList<>(values);
        Collections.reverse(oldestFirst);
        byte[] folded = null;
        try {
            folded = function.merge(key, oldestFirst);
        } catch (RuntimeException | Error e) {
            tell(e);
            return null;
        }
        if (folded == null) {
            tell(new NullPointerException("the merge function returned null"));
        }
        return folded;
    }

    private void tell(Throwable failure) {
        if (!told) {
            told = true;
            LOG.warn(
                    "Merge function {} failed in a flush or compaction. The operands of the key stay as they were written,"
                            + " and reads of it fail until it is put or deleted. Other keys are not affected. The job goes on,"
                            + " and does not log this again for other keys.",
                    function.name(),
                    failure);
        }
    }

    boolean hasNext() {
        return at < values.size();
    }

    long nextSequence() {
        return sequences[at];
    }

    byte[] next() {
        return values.set(at++, null);
    }
}
