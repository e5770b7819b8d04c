package io.forebay.bench.costs;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;

/**
 * Keys and values of the stores. Keys have 16 bytes and do not compress. Values look like records of text: names of fields,
 * which are the same in all of them, and random letters and digits in between. Made beforehand, so that making them costs
 * nothing while something is timed.
 */
final class RecordData {
    static final int KEY_BYTES = 16;

    private static final int POOL = 4096;
    private static final int FIELD_BYTES = 12;
    private static final int CONTENT_BYTES = 9;
    private static final String LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    private final int count;
    private final int[] order;
    private final byte[][] values = new byte[POOL][];

    RecordData(int count, int valueBytes) {
        this.count = count;
        SplittableRandom random = new SplittableRandom(7);
        order = new int[count];
        for (int i = 0; i < count; i++) {
            int other = random.nextInt(i + 1);
            order[i] = order[other];
            order[other] = i;
        }
        for (int i = 0; i < POOL; i++) {
            values[i] = value(valueBytes, random);
        }
    }

    int count() {
        return count;
    }

    /** The number of the record that comes {@code index}-th when they are taken in random order. */
    int shuffled(int index) {
        return order[index];
    }

    /** Ascends with {@code number}; the second half is its scrambled form. */
    byte[] key(int number) {
        long step = Long.divideUnsigned(-1L, count);
        return ByteBuffer.allocate(KEY_BYTES)
                .putLong(number * step)
                .putLong((number + 1) * 0x9E3779B97F4A7C15L)
                .array();
    }

    /** @param edition of the record: another one has another value */
    byte[] value(int number, int edition) {
        return values[(number + edition * 31) * 0x9E3779B1 >>> Integer.SIZE - Integer.numberOfTrailingZeros(POOL)];
    }

    private static byte[] value(int bytes, SplittableRandom random) {
        StringBuilder text = new StringBuilder(bytes + FIELD_BYTES + CONTENT_BYTES);
        for (int field = 0; text.length() < bytes; field++) {
            text.append(String.format("\"field%03d\":\"", field), 0, FIELD_BYTES);
            for (int i = 0; i < CONTENT_BYTES; i++) {
                text.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
            }
        }
        return text.substring(0, bytes).getBytes(StandardCharsets.US_ASCII);
    }
}
