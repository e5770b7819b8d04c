package io.forebay.store.iter;

import io.forebay.store.StoreException;
import java.util.List;

/**
 * The limit of a value that a read merges. Operands are accepted one by one, and nobody looks at how long they have become
 * together: whoever reads the key is told, and everything else goes on.
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
}
