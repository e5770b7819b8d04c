package io.forebay.store.iter;

import io.forebay.store.MergeFunction;
import io.forebay.store.StoreException;
import io.forebay.store.key.KeyText;
import io.forebay.store.util.PendingErrors;
import java.util.List;

/**
 * A value that a read merges from operands. A write accepts each operand by itself, and checks neither their total length nor
 * whether the merge function accepts them. So a read of the key reports such an error, and nothing else fails.
 */
public final class MergedValue {
    private MergedValue() {}

    /** @throws StoreException when the operands have more than {@code most} bytes in all */
    public static void check(List<byte[]> operands, long most) {
        long bytes = 0;
        for (byte[] operand : operands) {
            bytes += operand.length;
        }
        if (bytes > most) {
            throw new StoreException("The value of a key cannot be read: it is merged from " + operands.size()
                    + " values and operands of " + bytes + " bytes together, and a value has at most " + most
                    + ". Delete the key or put another value, and split the list over several keys.");
        }
    }

    /**
     * Calls the merge function.
     *
     * @throws StoreException when the function throws, or returns null
     */
    public static byte[] of(MergeFunction function, byte[] key, List<byte[]> oldestFirst, KeyText keys) {
        PendingErrors.raise(); // what the function gets is what was written, and an error in it is its own
        byte[] merged;
        try {
            merged = function.merge(key, oldestFirst);
        } catch (RuntimeException e) {
            throw failure(function, key, oldestFirst, keys, e);
        }
        if (merged == null) {
            throw failure(
                    function, key, oldestFirst, keys, new NullPointerException("the merge function returned null"));
        }
        return merged;
    }

    private static StoreException failure(
            MergeFunction function, byte[] key, List<byte[]> oldestFirst, KeyText keys, RuntimeException cause) {
        return new StoreException(
                "The value of key " + keys.of(key) + " cannot be read: merge function " + function.name()
                        + " failed on its " + oldestFirst.size()
                        + " values and operands. Delete the key or put another value.",
                cause);
    }
}
