package io.forebay.flink;

import io.forebay.flink.io.Transfers;
import io.forebay.store.Store;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import javax.annotation.Nullable;
import org.apache.flink.util.FileUtils;
import org.apache.flink.util.ResourceGuard;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of what a backend holds. Every step is taken whatever became of those before it: a lease of the slot's memory that
 * is not given back keeps the memory and the threads of the slot for as long as the TaskManager lives.
 */
final class BackendRelease {
    private static final Logger LOG = LoggerFactory.getLogger(BackendRelease.class);

    private interface Step {
        void run() throws Exception;
    }

    private record NamedStep(String what, Step step) {}

    private BackendRelease() {}

    /**
     * Discards the store and gives back the rest. Failures are logged: nothing of the state is needed any more.
     *
     * @param store null when it was not opened
     * @param users of the store, which are waited for; they fail soon once the store is gone
     * @param memory null when it stays with the caller
     */
    static void release(
            @Nullable Store store,
            ResourceGuard users,
            Transfers transfers,
            @Nullable AutoCloseable memory,
            File directory) {
        List<NamedStep> steps = new ArrayList<>();
        if (store != null) {
            steps.add(new NamedStep("discard the store in", store::discard));
        }
        steps.add(new NamedStep("wait for the users of", users::close));
        steps.add(new NamedStep("end the transfers of", transfers::close));
        if (memory != null) {
            steps.add(new NamedStep("give back the memory of", memory::close));
        }
        steps.add(new NamedStep("delete", () -> FileUtils.deleteDirectory(directory)));
        for (NamedStep step : steps) {
            try {
                step.step().run();
            } catch (Throwable t) {
                LOG.warn("Could not {} {}.", step.what(), directory, t);
            }
        }
    }
}
