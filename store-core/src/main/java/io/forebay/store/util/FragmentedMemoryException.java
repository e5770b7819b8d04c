package io.forebay.store.util;

/**
 * Thrown when the budget has room, but the free memory lies in pieces that are too short. Buffers between those pieces must be
 * given back.
 */
public final class FragmentedMemoryException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int bytes;
    private final long budget;
    private final boolean uncollected;

    /** @param uncollected true when the JVM was told to collect memory that was given up, and has not done so */
    FragmentedMemoryException(int bytes, long budget, boolean uncollected) {
        // No stack trace: the exception is thrown in normal operation, to a caller that makes room.
        super(null, null, false, false);
        this.bytes = bytes;
        this.budget = budget;
        this.uncollected = uncollected;
    }

    @Override
    public String getMessage() {
        return "The memory budget of " + budget + " bytes has room for " + bytes
                + ", but what is free lies in shorter pieces between what is in use"
                + (uncollected
                        ? ", and the JVM does not collect what is given up (is it started with -XX:+DisableExplicitGC?)"
                        : "");
    }
}
