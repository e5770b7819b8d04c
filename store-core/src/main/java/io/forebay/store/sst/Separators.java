package io.forebay.store.sst;

import java.util.Arrays;

/** Makes short keys that separate two blocks. */
final class Separators {
    private Separators() {}

    /**
     * A key {@code s} with {@code last <= s < next}, as short as can be found easily; {@code last} itself when both keys are
     * equal.
     *
     * @param last last key of a block
     * @param next first key of the next block, not before {@code last}
     */
    static byte[] between(byte[] last, int lastLength, byte[] next, int nextOffset, int nextLength) {
        int differs = Arrays.mismatch(last, 0, lastLength, next, nextOffset, nextOffset + nextLength);
        if (differs < 0 || differs >= lastLength - 1) {
            return Arrays.copyOf(last, lastLength);
        }
        if (differs + 1 < nextLength) {
            return Arrays.copyOfRange(next, nextOffset, nextOffset + differs + 1);
        }
        // The next key ends at the difference, so a prefix of it would not be before it.
        int at = differs;
        if ((last[at] & 0xFF) + 1 >= (next[nextOffset + at] & 0xFF)) {
            at++;
            while (at < lastLength - 1 && last[at] == (byte) 0xFF) {
                at++;
            }
        }
        if (last[at] == (byte) 0xFF || at >= lastLength - 1) {
            return Arrays.copyOf(last, lastLength);
        }
        byte[] separator = Arrays.copyOf(last, at + 1);
        separator[at]++;
        return separator;
    }
}
