package io.forebay.store.util;

/** The budget has room, but what is free lies in pieces that are too short. Whoever gives back what lies between helps. */
public final class FragmentedMemoryException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int bytes;
    private final long budget;
    private final boolean uncollected;

    /** @param uncollected the JVM was told to collect memory that is given up, and has not */
    FragmentedMemoryException(int bytes, long budget, boolean uncollected) {
        // It is thrown in the course of things, to a caller that makes room; nobody needs to know from where.
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
