package org.apache.kafka.streams.state.internals;

import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.common.utils.LogContext;
import org.apache.kafka.streams.processor.internals.metrics.StreamsMetricsImpl;

/** A record cache of Kafka that counts the ranges it is asked for. */
public final class CountingCache extends ThreadCache {
    private final AtomicLong probes;

    public CountingCache(StreamsMetricsImpl metrics, AtomicLong probes) {
        super(new LogContext(), 1 << 20, metrics);
        this.probes = probes;
    }

    @Override
    public MemoryLRUCacheBytesIterator range(String namespace, Bytes from, Bytes to) {
        probes.incrementAndGet();
        return super.range(namespace, from, to);
    }

    @Override
    public MemoryLRUCacheBytesIterator reverseRange(String namespace, Bytes from, Bytes to) {
        probes.incrementAndGet();
        return super.reverseRange(namespace, from, to);
    }
}
