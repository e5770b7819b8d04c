package io.forebay.kafka.state;

import io.forebay.store.Store;
import java.util.Arrays;

/** Waits for what happens in the background. */
public final class DurableCommits {
    private DurableCommits() {}

    /** Returns when the last commit of the store is durable, for which nobody asks: each commit starts a flush. */
    public static void await(ForebayStateStore store) {
        Store engine = store.store();
        while (!Arrays.equals(engine.durablePayload(), engine.committedPayload())) {
            if (engine.statistics().readOnlyCause() != null) {
                throw new AssertionError(engine.statistics().readOnlyCause());
            }
            Thread.yield();
        }
    }
}
