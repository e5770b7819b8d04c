package io.forebay.store.db.read;

import io.forebay.store.ValueBuffer;
import java.util.List;

/**
 * The value of an appending merge function, joined directly in the buffer of the reader: lists are long, and copies of
 * them cost time.
 */
final class AppendedValue {
    private static final long LONGEST = Integer.MAX_VALUE - 16L;

    private AppendedValue() {}

    /** @return false, with nothing done, when the value is too long for an array */
    static boolean join(List<byte[]> newestFirst, byte delimiter, ValueBuffer into) {
        int last = newestFirst.size() - 1;
        long length = last;
        for (int i = last; i >= 0; i--) {
            length += newestFirst.get(i).length;
        }
        if (length > LONGEST) {
            return false;
        }
        byte[] joined = into.reset((int) length);
        int at = 0;
        for (int i = last; i >= 0; i--) {
            byte[] value = newestFirst.get(i);
            System.arraycopy(value, 0, joined, at, value.length);
            at += value.length;
            if (i > 0) {
                joined[at++] = delimiter;
            }
        }
        return true;
    }
}
