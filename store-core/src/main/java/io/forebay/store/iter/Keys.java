package io.forebay.store.iter;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Comparison of keys whose heads are known to be equal. Keys are short, so eight bytes at a time beats the vectorised
 * routines of the JDK, whose call costs more than the work.
 */
final class Keys {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private Keys() {}

    /** Unsigned lexicographic order of {@code a[0, aLength)} and {@code b[0, bLength)}. */
    static int compareTails(byte[] a, int aLength, byte[] b, int bLength) {
        int common = Math.min(aLength, bLength);
        if (common > Long.BYTES) {
            int last = common - Long.BYTES;
            for (int at = Long.BYTES; at < last; at += Long.BYTES) {
                long left = (long) LONG.get(a, at);
                long right = (long) LONG.get(b, at);
                if (left != right) {
                    return Long.compareUnsigned(left, right);
                }
            }
            // The last eight may overlap what was found equal, which changes nothing.
            long left = (long) LONG.get(a, last);
            long right = (long) LONG.get(b, last);
            if (left != right) {
                return Long.compareUnsigned(left, right);
            }
        }
        return aLength - bLength;
    }

    static boolean equalTails(byte[] a, int aLength, byte[] b, int bLength) {
        return aLength == bLength && compareTails(a, aLength, b, bLength) == 0;
    }
}
