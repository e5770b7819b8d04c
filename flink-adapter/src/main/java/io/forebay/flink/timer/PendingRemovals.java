package io.forebay.flink.timer;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.annotation.Internal;

/**
 * The queues that have polled elements whose rows are still in the store. Code outside the queues that reads the rows of a
 * backend, above all a snapshot, calls {@link #flush} first. Used by one thread, that of the task.
 */
@Internal
public final class PendingRemovals {
    private final List<ForebayPriorityQueueSet<?>> dirty = new ArrayList<>();

    void add(ForebayPriorityQueueSet<?> queue) {
        dirty.add(queue);
    }

    /** Deletes the rows of all polled elements from the store. */
    public void flush() {
        for (ForebayPriorityQueueSet<?> queue : dirty) {
            queue.flushPending();
        }
        dirty.clear();
    }
}
