package io.forebay.flink.timer;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.annotation.Internal;

/**
 * Rows of queues that are still in the store and do not count any more: of polled elements, and of heap queues after a
 * snapshot. Code outside the queues that reads the rows of a backend, above all a snapshot, calls {@link #flush} first. Used
 * by one thread, that of the task.
 */
@Internal
public final class PendingRemovals {
    private final List<Runnable> removals = new ArrayList<>();

    /** @param removal deletes rows from the store; may run again after it has failed */
    void add(Runnable removal) {
        removals.add(removal);
    }

    /** Deletes the rows from the store. When that fails, the next call tries again. */
    public void flush() {
        removals.forEach(Runnable::run);
        removals.clear();
    }
}
