package io.forebay.store.util;

/** Runs steps, all of them also when some fail, and keeps the first failure, to which later ones are added. Used by one thread. */
public final class Failures {
    private Throwable first;

    /** A step that may fail. */
    public interface Step {
        void run() throws Exception;
    }

    public void collect(Step step) {
        try {
            step.run();
        } catch (Throwable e) {
            add(e);
        }
    }

    private void add(Throwable failure) {
        if (first == null) {
            first = failure;
            return;
        }
        try {
            suppress(first, failure);
        } catch (OutOfMemoryError | StackOverflowError ignored) {
            // The steps that are left have to run all the same, and the first failure is the one that counts.
        }
    }

    /** Null when no step has failed. */
    public Throwable first() {
        return first;
    }

    /** Throws the first failure of steps that throw unchecked exceptions only. */
    public void rethrowUnchecked() {
        if (first instanceof RuntimeException e) {
            throw e;
        }
        if (first instanceof Error e) {
            throw e;
        }
        if (first != null) {
            throw new IllegalStateException("A step threw a checked exception", first);
        }
    }

    /** Closes what is of no use after {@code first}; a failure of the close is added to it. */
    public static void close(Throwable first, AutoCloseable unneeded) {
        try {
            unneeded.close();
        } catch (Exception e) {
            suppress(first, e);
        }
    }

    /**
     * Adds a later failure to an earlier one. Streams that remember their failure throw the same object again when they are closed, and
     * an exception cannot suppress itself.
     */
    public static void suppress(Throwable first, Throwable later) {
        if (first != later) {
            first.addSuppressed(later);
        }
    }
}
