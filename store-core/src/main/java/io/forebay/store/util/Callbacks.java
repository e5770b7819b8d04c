package io.forebay.store.util;

/**
 * Notes, for each thread, the code of users that the engine runs on it while other threads or locks wait for that code: within
 * a write, in background work, or in a request for memory or keys. Such code may read. When it calls a method that would wait
 * for the code itself, the method throws an exception that names it, instead of hanging. Thread-safe.
 */
public final class Callbacks {
    /** Stands for all locks, when it is not known with which locks a callback is called. */
    public static final Object ANYTHING = new Object();

    private static final ThreadLocal<Frame> INNERMOST = new ThreadLocal<>();

    private Callbacks() {}

    /** A running callback. */
    private record Frame(String what, Object held, Frame outer) {}

    /**
     * Notes that a callback starts on this thread. {@link #leave} ends it.
     *
     * @param what names the callback in messages, like "the merge function of a write"
     * @param held the lock that this thread has meanwhile, or {@link #ANYTHING}; null when it has none
     */
    public static void enter(String what, Object held) {
        INNERMOST.set(new Frame(what, held, INNERMOST.get()));
    }

    /** Notes that the callback that started last has ended. */
    public static void leave() {
        INNERMOST.set(INNERMOST.get().outer()); // null at the end: needs less than a removal, no memory for one
    }

    /**
     * As {@link #enter} without a lock, for a callback that gives something back: it has to be called also when there is no memory, and
     * no room on the stack, to note it.
     *
     * @return whether it was noted, and {@link #leave} ends it
     */
    public static boolean tryEnter(String what) {
        try {
            enter(what, null);
            return true;
        } catch (OutOfMemoryError | StackOverflowError e) {
            return false;
        }
    }

    /** Throws when a callback runs on this thread, because {@code method} would wait for what runs the callback. */
    public static void checkNone(String method) {
        Frame frame = INNERMOST.get();
        if (frame != null) {
            throw new IllegalStateException(
                    method + " was called by " + frame.what() + ", and would wait for that; call it on another thread");
        }
    }

    /** Throws when this thread has the lock {@code wanted} in a callback, because it would wait for itself. */
    public static void checkNotHeld(Object wanted) {
        for (Frame frame = INNERMOST.get(); frame != null; frame = frame.outer()) {
            if (frame.held() == wanted || frame.held() == ANYTHING) {
                throw new IllegalStateException("A method that waits for a writer was called by " + frame.what()
                        + ", which may have the lock that the method needs; call it on another thread");
            }
        }
    }
}
