package io.forebay.store.sst.block;

import java.util.Arrays;

/**
 * Checks that the heads of a validated block are made of the bytes in which its keys differ: searches rely on it, and the
 * {@linkplain BlockValidator validator} does not compare keys. Without state.
 */
public final class HeadVerifier {
    private HeadVerifier() {}

    /**
     * True when the prefix, the width of heads and the positions of the block that is open in {@code cursor} are those that
     * {@link BlockBuilder} writes for its keys, which are in order. Moves the cursor.
     */
    public static boolean isAsWritten(BlockIterator cursor) {
        HeadPositions positions = new HeadPositions();
        cursor.moveTo(0);
        int shared = cursor.keyLength();
        for (int i = 1; i < cursor.count(); i++) {
            byte[] previous = cursor.copyKey();
            cursor.moveTo(i);
            int differs = Arrays.mismatch(previous, 0, previous.length, cursor.key(), 0, cursor.keyLength());
            int common = differs < 0 ? previous.length : differs;
            shared = Math.min(shared, common);
            positions.add(HeadPositions.of(cursor.key(), 0, cursor.keyLength(), common));
        }
        return cursor.hasShape(shared, positions);
    }
}
