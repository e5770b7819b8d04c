package io.forebay.store.testing.jvmerrors;

/**
 * Decides which entry into an instrumented method throws. Only the thread that armed it is struck; one such thread at a
 * time. The engine is instrumented by an {@link ErrorAgent}.
 *
 * <p><b>{@link Kind#OUT_OF_MEMORY}</b> strikes where the heap can be exhausted: at the entry of a method that allocates
 * itself, or calls one of the class library that may. With {@code forGood} all such entries after it fail too.
 *
 * <p><b>{@link Kind#STACK_OVERFLOW}</b> strikes where the stack can end: at an entry that is deeper than all before it since
 * the engine was called. From then on, until that call of the engine returns, nothing gets that deep. So what ran
 * already at some depth, like the method that took a lock, can be ended by others at the same depth, as with a real stack.
 * A background job has a thread of its own, so there the stack does not end in the first frames.
 */
public final class JvmErrors {
    /** What is thrown. */
    public enum Kind {
        OUT_OF_MEMORY,
        STACK_OVERFLOW
    }

    /** Where background jobs begin. */
    private static final String JOB = "Scheduler.run";
    /** Frames that a job always has. */
    private static final int JOB_FRAMES = 8;

    private static final JvmErrors STATE = new JvmErrors();
    private static Thread watched;

    private Kind kind;
    /** End of the name of the only method that counts; null: all do. */
    private String only;

    private long at;
    private boolean forGood;
    private long count;
    private String struck;

    private int depth;
    private int deepest;
    private int limit;
    /** The depth at which the job under way began; 0: none is. */
    private int job;

    private JvmErrors() {}

    /** Entries of this thread throw from the {@code nth} one on (1: the next) that the kind can strike, or count only when it is 0. */
    public static void arm(Kind kind, long nth, boolean forGood) {
        arm(kind, null, nth, forGood);
    }

    /** The {@code nth} entry into a method whose name ends so, with the simple name of its class, runs out of heap. */
    public static void armAt(String method, long nth) {
        arm(Kind.OUT_OF_MEMORY, "." + method, nth, false);
    }

    private static void arm(Kind kind, String only, long nth, boolean forGood) {
        STATE.kind = kind;
        STATE.only = only;
        STATE.at = nth;
        STATE.forGood = forGood;
        STATE.count = 0;
        STATE.struck = null;
        STATE.depth = 0;
        STATE.deepest = 0;
        STATE.limit = Integer.MAX_VALUE;
        STATE.job = 0;
        watched = Thread.currentThread();
    }

    /** Nothing throws any more. @return how many entries the kind could have struck since it was armed, until it struck */
    public static long disarm() {
        watched = null;
        return STATE.count;
    }

    /** The method whose entry threw first, or null. */
    public static String struck() {
        return STATE.struck;
    }

    // ---- called by instrumented methods

    /** Before a method's body. */
    public static void enter(String method, boolean allocates) {
        if (watched == Thread.currentThread()) {
            STATE.check(method, allocates);
            STATE.depth++;
        }
    }

    /** Before a constructor's body. */
    public static void construct(String method, boolean allocates) {
        if (watched == Thread.currentThread()) {
            STATE.check(method, allocates);
        }
    }

    /** After a method's body that was entered, however it ended. */
    public static void exit() {
        if (watched == Thread.currentThread()) {
            STATE.depth--;
            if (STATE.depth < STATE.job) {
                STATE.job = 0;
            }
        }
    }

    private void check(String method, boolean allocates) {
        if (kind == Kind.STACK_OVERFLOW) {
            checkStack(method);
        } else if (only == null ? allocates : method.endsWith(only)) {
            checkHeap(method);
        }
    }

    private void checkHeap(String method) {
        if (struck == null) {
            count++;
            if (count == at) {
                struck = method;
                throw new OutOfMemoryError("injected at " + method);
            }
        } else if (forGood) {
            throw new OutOfMemoryError("injected at " + method + ", after " + struck);
        }
    }

    private void checkStack(String method) {
        int reached = depth + 1;
        if (reached == 1) {
            deepest = 0;
            limit = Integer.MAX_VALUE;
        }
        if (method.endsWith(JOB) && job == 0) {
            job = reached;
        }
        if (job > 0 && reached < job + JOB_FRAMES) {
            return;
        }
        if (reached >= limit) {
            throw new StackOverflowError("injected at " + method + ", after " + struck);
        }
        if (reached > deepest) {
            deepest = reached;
            if (struck == null) {
                count++;
                if (count == at) {
                    struck = method;
                    limit = reached;
                    throw new StackOverflowError("injected at " + method);
                }
            }
        }
    }
}
