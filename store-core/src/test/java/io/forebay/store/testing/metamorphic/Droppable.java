package io.forebay.store.testing.metamorphic;

import io.forebay.store.CompactionFilter;
import java.util.Arrays;

/**
 * Values that a compaction filter may drop at any time, so that nobody can say whether they are still there: those that
 * start with {@code D}. Results leave them out, and cut them from the front of a value that others were merged onto; then
 * all stores agree, whether and whenever their filter dropped them.
 */
final class Droppable {
    static final char MARK = 'D';
    static final CompactionFilter FILTER = (key, keyLength, value, valueLength) ->
            valueLength > 0 && value[0] == MARK && commaIn(value, valueLength) < 0;

    private Droppable() {}

    static boolean is(byte[] value) {
        return value.length > 0 && value[0] == MARK && commaIn(value, value.length) < 0;
    }

    /** The part of the value that cannot vanish; null when there is none. */
    static byte[] lasting(byte[] value) {
        if (value == null || value.length == 0 || value[0] != MARK) {
            return value;
        }
        int comma = commaIn(value, value.length);
        return comma < 0 ? null : Arrays.copyOfRange(value, comma + 1, value.length);
    }

    private static int commaIn(byte[] value, int length) {
        for (int i = 0; i < length; i++) {
            if (value[i] == ',') {
                return i;
            }
        }
        return -1;
    }
}
