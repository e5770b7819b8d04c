package io.forebay.kafka.state;

import java.util.regex.Pattern;

/**
 * The names that RocksDB gives the segments of the window or session store {@code store}: the name of the store, a
 * separator, and the time at which the segment starts. Immutable.
 */
record SegmentNames(String store) {
    /** Milliseconds, after {@code .}; in older releases after {@code :}. */
    private static final Pattern DIGITS = Pattern.compile("[0-9]+");
    /** Year, month, day, hour, minute, after {@code -}, in very old releases. */
    private static final Pattern DATE = Pattern.compile("[0-9]{12}");

    /** True for the names that RocksDB's store takes for names of its segments. */
    boolean isSegment(String name) {
        if (name.length() <= store.length() || !name.startsWith(store)) {
            return false;
        }
        switch (name.charAt(store.length())) {
            case '.':
            case ':':
                return time(name) >= 0;
            case '-':
                return DATE.matcher(afterStore(name)).matches();
            default:
                return false;
        }
    }

    /**
     * As {@link #isSegment(String)}, but false for a name with {@code .} whose time is no multiple of {@code interval}:
     * today's Kafka never opens such a segment. It renames segments with names of older releases when it finds them.
     */
    boolean isSegment(String name, long interval) {
        return isSegment(name) && (name.charAt(store.length()) != '.' || time(name) % interval == 0);
    }

    private String afterStore(String name) {
        return name.substring(store.length() + 1);
    }

    /** The time in the name, in milliseconds; -1 when there is none. */
    private long time(String name) {
        String digits = afterStore(name);
        if (!DIGITS.matcher(digits).matches()) {
            return -1;
        }
        try {
            return Long.parseLong(digits);
        } catch (NumberFormatException e) {
            return -1; // too long for a time
        }
    }
}
