package io.forebay.kafka.state;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open iterators of a store: those that pin memory and files of the engine. Thread-safe; readers do not wait for each
 * other.
 */
final class OpenIterators {
    private static final Logger LOG = LoggerFactory.getLogger(OpenIterators.class);

    private final String storeName;
    private final Set<StoreRows<?>> open = ConcurrentHashMap.newKeySet();

    OpenIterators(String storeName) {
        this.storeName = storeName;
    }

    void add(StoreRows<?> rows) {
        open.add(rows);
    }

    void remove(StoreRows<?> rows) {
        open.remove(rows);
    }

    /** Closes all iterators that were added before the call. Waits for a step of an iterator that another thread is in. */
    void closeAll() {
        int left = open.size();
        if (left > 0) {
            LOG.warn("Closing {} open iterators for store {}", left, storeName);
        }
        RuntimeException first = null;
        for (StoreRows<?> rows : open) {
            try {
                rows.storeClosed();
            } catch (RuntimeException e) {
                if (first == null) {
                    first = e;
                } else if (first != e) {
                    first.addSuppressed(e);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }
}
