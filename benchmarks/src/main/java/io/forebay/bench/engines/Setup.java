package io.forebay.bench.engines;

/**
 * What all engines of a run are given alike.
 *
 * @param memoryBytes for block cache and memtables together
 * @param memtableBytes size at which a memtable (write buffer) is full
 */
public record Setup(long memoryBytes, int memtableBytes) {
    /** As Kafka Streams gives it to RocksDB: 50 MB of cache and three write buffers of 16 MB. */
    public static Setup ofKafka() {
        return new Setup((50L << 20) + 3 * (16L << 20), 16 << 20);
    }
}
