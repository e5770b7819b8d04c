package io.forebay.kafka.state;

import java.util.regex.Pattern;

/** What RocksDB calls the segments of the window or session store {@code store}: its name, and the time at which they begin. */
record SegmentNames(String store) {
    /** Milliseconds, behind {@code .}, and behind {@code :} in older releases. */
    private static final Pattern DIGITS = Pattern.compile("[0-9]+");
    /** Year, month, day, hour, minute, behind {@code -}, in releases of long ago. */
    private static final Pattern DATE = Pattern.compile("[0-9]{12}");

    /** True for the names that RocksDB's store takes for those of its segments. */
    boolean isSegment(String name) {
        if (name.length() <= store.length() || !name.startsWith(store)) {
            return false;
        }
        switch (name.charAt(store.length())) {
            case '.':
            case ':':
                return time(name) >= 0;
            case '-':
                return DATE.matcher(behindStore(name)).matches();
            default:
                return false;
        }
    }

    /**
     * As {@link #isSegment}, less what today's RocksDB would have named otherwise: it never opens a name with {@code .} whose
     * time is no multiple of {@code interval}, while names of older releases are given other ones as it finds them.
     */
    boolean isSegment(String name, long interval) {
        return isSegment(name) && (name.charAt(store.length()) != '.' || time(name) % interval == 0);
    }

    private String behindStore(String name) {
        return name.substring(store.length() + 1);
    }

    /** Milliseconds; -1 for what is no time. */
    private long time(String name) {
        String digits = behindStore(name);
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
