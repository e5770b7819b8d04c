package io.forebay.store.iter;

import io.forebay.store.MergeFunction;
import io.forebay.store.StoreException;
import io.forebay.store.key.KeyText;
import java.util.List;

/**
 * A value that a read merges. Operands are accepted one by one, and nobody looks at how long they have become together, or
 * whether the merge function takes them: whoever reads the key is told, and everything else goes on.
 */
public final class MergedValue {
    private MergedValue() {}

    /** @throws StoreException when what is to be merged has more than {@code most} bytes */
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
     * @throws StoreException when it throws, or has no value
     */
    public static byte[] of(MergeFunction function, byte[] key, List<byte[]> oldestFirst, KeyText keys) {
        byte[] merged;
        try {
            merged = function.merge(key, oldestFirst);
        } catch (RuntimeException e) {
            throw failure(function, key, oldestFirst, keys, e);
        }
        if (merged == null) {
            throw failure(function, key, oldestFirst, keys, new NullPointerException("null is no value"));
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
