package io.forebay.store.util;

/**
 * Brings the errors of mapped memory to where they belong. When a page of a mapped file cannot be delivered, the load returns
 * anything, and the JVM throws an {@link InternalError} at the next point at which the thread looks for requests to stop. Such
 * points are ends of calls and backward jumps, and calls may be inlined: without a point of our own the error might come when the
 * caller has used the value already. Thread-safe, without state.
 */
public final class PendingErrors {
    /** Volatile, so that the compiler can neither count the rounds nor leave out the jump. Always 1. */
    private static volatile int rounds = 1;

    private PendingErrors() {}

    /** Throws what is pending for this thread. Called after the last load, before the values leave the engine. */
    public static void raise() {
        for (int i = 0; i < rounds; i++) {
            // the jump back is the point
        }
    }

    /** Whether it is the error that the JVM throws for a page; others, a merge function for one, throw for reasons of their own. */
    private static boolean isFault(Throwable thrown) {
        return thrown instanceof InternalError
                && thrown.getMessage() != null
                && thrown.getMessage().contains("unsafe memory access");
    }

    /**
     * The error of mapped memory behind a failed read, or null: {@code thrown} itself, or one that is still pending because a
     * value that was never loaded has made the read fail first.
     */
    public static InternalError behind(Throwable thrown) {
        if (isFault(thrown)) {
            return (InternalError) thrown;
        }
        try {
            raise();
            return null;
        } catch (InternalError fault) {
            fault.addSuppressed(thrown);
            return fault;
        }
    }
}
