package io.forebay.flink;

import io.forebay.store.Store;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreStatistics;
import java.util.function.ToLongFunction;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;

/** Gauges of a store, in the metric group {@code forebay} of its operator. They show -1 after the store has been closed. */
final class StoreMetrics {
    private StoreMetrics() {}

    static void register(MetricGroup operator, Store store) {
        MetricGroup group = operator.addGroup("forebay");
        gauge(group, store, "memtableBytes", StoreStatistics::memtableBytes);
        gauge(group, store, "immutableMemtables", StoreStatistics::immutableMemtables);
        gauge(group, store, "liveFiles", StoreStatistics::liveFiles);
        gauge(group, store, "liveFileBytes", StoreStatistics::liveFileBytes);
        gauge(group, store, "valueFileBytes", StoreStatistics::valueFileBytes);
        gauge(group, store, "valueFileLiveBytes", StoreStatistics::valueFileLiveBytes);
        gauge(group, store, "sortedRuns", StoreStatistics::sortedRuns);
        gauge(group, store, "estimatedEntries", StoreStatistics::estimatedEntries);
        gauge(group, store, "blockCacheHits", StoreStatistics::blockCacheHits);
        gauge(group, store, "blockCacheMisses", StoreStatistics::blockCacheMisses);
        gauge(group, store, "bytesFlushed", StoreStatistics::bytesFlushed);
        gauge(group, store, "bytesCompactedIn", StoreStatistics::bytesCompactedIn);
        gauge(group, store, "bytesCompactedOut", StoreStatistics::bytesCompactedOut);
        gauge(group, store, "writeStallNanos", StoreStatistics::writeStallNanos);
    }

    private static void gauge(MetricGroup group, Store store, String name, ToLongFunction<StoreStatistics> figure) {
        group.gauge(name, (Gauge<Long>) () -> {
            try {
                return figure.applyAsLong(store.statistics());
            } catch (StoreClosedException e) {
                // Reporters may ask once more while the task ends.
                return -1L;
            }
        });
    }
}
