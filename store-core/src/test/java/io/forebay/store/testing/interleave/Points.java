package io.forebay.store.testing.interleave;

/** What instrumented code calls before each step that another thread may notice. No effect on threads that nobody controls. */
public final class Points {
    private Points() {}

    /** @param place an interned name, here and in the next two */
    public static void read(String place) {
        Schedule schedule = schedule();
        if (schedule != null) {
            schedule.reach(Access.read(place));
        }
    }

    public static void write(String place) {
        Schedule schedule = schedule();
        if (schedule != null) {
            schedule.reach(Access.write(place));
        }
    }

    public static void add(String place) {
        Schedule schedule = schedule();
        if (schedule != null) {
            schedule.reach(Access.add(place));
        }
    }

    public static void memory(Object slab, int from, int bytes, boolean write) {
        Schedule schedule = schedule();
        if (schedule != null && bytes > 0) {
            schedule.reach(Access.memory(slab, from, bytes, write));
        }
    }

    /** Before a monitor is entered. */
    public static void enter(Object monitor) {
        Schedule schedule = schedule();
        if (schedule != null) {
            schedule.enter(monitor);
        }
    }

    /** Right before a monitor is left. */
    public static void exit(Object monitor) {
        Schedule schedule = schedule();
        if (schedule != null) {
            schedule.exit(monitor);
        }
    }

    /** In a loop that waits for what another thread does. */
    public static void await() {
        Schedule schedule = schedule();
        if (schedule != null) {
            schedule.reach(Access.WAIT);
        }
    }

    private static Schedule schedule() {
        return Thread.currentThread() instanceof ControlledThread thread
                        && !thread.schedule().isFree()
                ? thread.schedule()
                : null;
    }
}
