package io.forebay.store.util;

/**
 * Which code of users the engine runs on the present thread while something waits for it: within a write, in background work, or
 * where memory or keys are handed out. Such code may read; where it asks for something that would wait for itself, it is told
 * so by name instead of hanging.
 */
public final class Callbacks {
    /** For a callback that is called with locks held that nobody can tell. */
    public static final Object ANYTHING = new Object();

    private static final ThreadLocal<Frame> INNERMOST = new ThreadLocal<>();

    private Callbacks() {}

    /** One callback under way. */
    private record Frame(String what, Object held, Frame outer) {}

    /**
     * Begins a callback on this thread, to be ended by {@link #leave}.
     *
     * @param what for messages, like "the merge function of a write"
     * @param held what nobody else can have meanwhile, or {@link #ANYTHING}; null when nothing is held
     */
    public static void enter(String what, Object held) {
        INNERMOST.set(new Frame(what, held, INNERMOST.get()));
    }

    /** Ends the callback that was begun last. */
    public static void leave() {
        Frame outer = INNERMOST.get().outer();
        if (outer == null) {
            INNERMOST.remove();
        } else {
            INNERMOST.set(outer);
        }
    }

    /** Throws when a callback is under way on this thread, because what it asks for waits for what runs it. */
    public static void checkNone(String method) {
        Frame frame = INNERMOST.get();
        if (frame != null) {
            throw new IllegalStateException(method + " was called by " + frame.what()
                    + ", which it would wait for; call it" + " on another thread");
        }
    }

    /** Throws when this thread has it, because it would wait for itself. */
    public static void checkNotHeld(Object wanted) {
        for (Frame frame = INNERMOST.get(); frame != null; frame = frame.outer()) {
            if (frame.held() == wanted || frame.held() == ANYTHING) {
                throw new IllegalStateException("A method that waits for a writer was called by " + frame.what()
                        + ", which may keep what it asks for; call it on another thread");
            }
        }
    }
}
