package io.forebay.store.db;

import io.forebay.store.db.state.Opened;
import io.forebay.store.db.state.StoreContext;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs what was still open when its store was closed. Such objects kept memory and files for longer than needed. */
final class LeakReport {
    private static final Logger LOG = LoggerFactory.getLogger(LeakReport.class);
    /** The log has at most so many stack traces: further ones are rarely different. */
    private static final int MAX_TRACES = 5;

    private LeakReport() {}

    /** @param left what is still open, the oldest first */
    static void write(StoreContext store, List<Opened> left) {
        if (left.isEmpty()) {
            return;
        }
        LOG.warn(
                "Store {} is closed while {} iterators, snapshots, checkpoints or ingests are open; the oldest: {}."
                        + " {}",
                store.options.name(),
                left.size(),
                left.get(0).describe(store.shared.clock()),
                left.get(0).trace() == null
                        ? "Environment.Builder.leakTracking(true) tells where."
                        : "They come from:");
        left.stream()
                .filter(opened -> opened.trace() != null)
                .limit(MAX_TRACES)
                .forEach(opened -> LOG.warn("Not closed: {}", opened.describe(store.shared.clock()), opened.trace()));
    }
}
