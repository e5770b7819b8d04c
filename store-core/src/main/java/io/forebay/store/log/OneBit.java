package io.forebay.store.log;

import io.forebay.store.util.Crc32c;
import java.nio.ByteBuffer;

/**
 * Tells whether a single flipped bit explains that the checksum of a record does not match. Checksums are linear: a flipped
 * bit changes them by what depends on nothing but the distance of the bit from the end.
 */
final class OneBit {
    /** The polynomial of CRC-32C, lowest power first. */
    private static final int POLYNOMIAL = 0x82F63B78;

    private OneBit() {}

    /** @param length of the payload of the record at {@code at} of a file; it is not the length that was flipped */
    static boolean explains(byte[] log, int at, int length) {
        int stored = ByteBuffer.wrap(log).getInt(at + LogFormat.CRC_AT);
        int computed = LogWriter.checksum(at, log, at, length);
        if (Integer.bitCount(stored ^ computed) == 1) {
            return true;
        }
        int difference = Crc32c.unmask(stored) ^ Crc32c.unmask(computed);
        int[] change = new int[Byte.SIZE];
        for (int bit = 0; bit < Byte.SIZE; bit++) {
            change[bit] = oneByteFurther(1 << bit);
        }
        for (int behind = 0; behind < length; behind++) {
            for (int bit = 0; bit < Byte.SIZE; bit++) {
                if (change[bit] == difference) {
                    return true;
                }
                change[bit] = oneByteFurther(change[bit]);
            }
        }
        return false;
    }

    /** What becomes of a change of the checksum when one more byte is behind it. */
    private static int oneByteFurther(int change) {
        int next = change;
        for (int i = 0; i < Byte.SIZE; i++) {
            next = (next >>> 1) ^ (POLYNOMIAL & -(next & 1));
        }
        return next;
    }
}
