package io.forebay.flink.timer;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.annotation.Internal;

/**
 * Queues that have polled elements whose rows are still in the store. Everything that looks at the rows of a backend from
 * outside the queues (snapshots above all) calls {@link #flush} first. Task thread only.
 */
@Internal
public final class PendingRemovals {
    private final List<ForebayPriorityQueueSet<?>> dirty = new ArrayList<>();

    void add(ForebayPriorityQueueSet<?> queue) {
        dirty.add(queue);
    }

    /** Removes the rows of all polled elements from the store. */
    public void flush() {
        for (ForebayPriorityQueueSet<?> queue : dirty) {
            queue.flushPending();
        }
        dirty.clear();
    }
}
