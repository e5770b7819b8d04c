package io.forebay.store.harness.metamorphic;

import io.forebay.store.CompactionFilter;
import java.util.Arrays;
import java.util.function.LongSupplier;

/**
 * Values that a compaction filter may drop: those that start with {@code D}, at any time, and those that start with {@code T}
 * and a number, once so many seconds have passed. So nobody can say beforehand whether they are still there. The answers
 * of operations leave them out, and cut them from the front of a value that others were merged onto; then all stores
 * agree, whenever their filter dropped them. What a store may show of them, and what it must, says {@link Drops}.
 */
final class Droppable {
    static final char MARK = 'D';
    static final char TIMED = 'T';

    /** Drops what may be dropped at any time, and what has a time before that. */
    static final CompactionFilter FILTER =
            (key, keyLength, value, valueLength) -> isMarked(value, valueLength) && commaIn(value, valueLength) < 0;

    private Droppable() {}

    /** Drops what has a time, and that is over. */
    static CompactionFilter expired(LongSupplier seconds) {
        return (key, keyLength, value, length) -> length > 0
                && value[0] == TIMED
                && commaIn(value, length) < 0
                && expiry(value, length) <= seconds.getAsLong();
    }

    static boolean is(byte[] value) {
        return isMarked(value, value.length) && commaIn(value, value.length) < 0;
    }

    /** The part of the value that cannot vanish; null when there is none. */
    static byte[] lasting(byte[] value) {
        if (value == null || !isMarked(value, value.length)) {
            return value;
        }
        int comma = commaIn(value, value.length);
        return comma < 0 ? null : Arrays.copyOfRange(value, comma + 1, value.length);
    }

    /** The part that can; null when there is none. */
    static byte[] dropped(byte[] value) {
        if (value == null || !isMarked(value, value.length)) {
            return null;
        }
        int comma = commaIn(value, value.length);
        return comma < 0 ? value : Arrays.copyOf(value, comma);
    }

    /** Seconds from which on the value may vanish when its time counts. */
    static long expiry(byte[] value, int length) {
        long seconds = 0;
        for (int i = 1; i < Math.min(length, 6) && value[i] >= '0' && value[i] <= '9'; i++) {
            seconds = seconds * 10 + value[i] - '0';
        }
        return seconds;
    }

    private static boolean isMarked(byte[] value, int length) {
        return length > 0 && (value[0] == MARK || value[0] == TIMED);
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
