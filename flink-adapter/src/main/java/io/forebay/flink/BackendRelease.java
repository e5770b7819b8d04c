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
 * Releases what a backend owns. Each step is taken even if the steps before it have failed: a lease of the slot's memory
 * that is not given back keeps the memory and the threads of the slot for as long as the TaskManager lives.
 */
final class BackendRelease {
    private static final Logger LOG = LoggerFactory.getLogger(BackendRelease.class);

    private interface Step {
        void run() throws Exception;
    }

    private record NamedStep(String what, Step step) {}

    private BackendRelease() {}

    /**
     * Discards the store and releases the rest. Failures are logged and not thrown: the state is not needed any more.
     *
     * @param store null when it was not opened
     * @param users the asynchronous users of the store. This method waits for them; they fail soon after the store is
     *     discarded
     * @param memory null when the caller keeps it
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
