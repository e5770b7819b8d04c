package io.forebay.bench.engines;

import java.io.File;
import java.util.ArrayList;
import java.util.List;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.CompactionStyle;
import org.rocksdb.CompressionType;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.RocksObject;
import org.rocksdb.StringAppendOperator;
import org.rocksdb.WriteBufferManager;

/** How the hosts set up RocksDB. What is created here is closed by {@link #close()}, last first. */
final class RocksSettings implements AutoCloseable {
    private final List<RocksObject> owned = new ArrayList<>();
    final Options options;

    private RocksSettings(Options options) {
        this.options = own(options);
    }

    /** Kafka Streams 4.3, RocksDBStore: universal compaction, no compression, bloom filters, a cache for each store. */
    static RocksSettings kafka(Setup setup) {
        RocksSettings settings = new RocksSettings(new Options());
        long buffers = 3L * setup.memtableBytes();
        BlockBasedTableConfig table = new BlockBasedTableConfig()
                .setBlockCache(settings.own(new LRUCache(Math.max(1 << 20, setup.memoryBytes() - buffers))))
                .setBlockSize(4096)
                .setFilterPolicy(settings.own(new BloomFilter()));
        settings.options
                .setTableFormatConfig(table)
                .setWriteBufferSize(setup.memtableBytes())
                .setMaxWriteBufferNumber(3)
                .setCompressionType(CompressionType.NO_COMPRESSION)
                .setCompactionStyle(CompactionStyle.UNIVERSAL)
                .setIncreaseParallelism(Math.max(Runtime.getRuntime().availableProcessors(), 2));
        return settings.common();
    }

    /**
     * Flink 2.3, EmbeddedRocksDBStateBackend with managed memory: leveled compaction, no filters, index and filter blocks in
     * the cache, write buffers of 64 MB under one manager that holds half of the memory. Compression is off here, as it is
     * everywhere in this comparison.
     */
    static RocksSettings flink(Setup setup, Shared shared) {
        RocksSettings settings = new RocksSettings(new Options());
        BlockBasedTableConfig table = new BlockBasedTableConfig()
                .setBlockCache(shared.cache)
                .setCacheIndexAndFilterBlocks(true)
                .setCacheIndexAndFilterBlocksWithHighPriority(true)
                .setPinL0FilterAndIndexBlocksInCache(true)
                .setBlockSize(4096);
        settings.options
                .setTableFormatConfig(table)
                .setWriteBufferManager(shared.buffers)
                .setWriteBufferSize(64L << 20)
                .setArenaBlockSize(Math.min(shared.bufferBytes / 8, 8L << 20))
                .setMaxWriteBufferNumber(2)
                .setMaxBackgroundJobs(2)
                .setMaxOpenFiles(-1)
                .setUseFsync(false)
                .setStatsDumpPeriodSec(0)
                .setCompressionType(CompressionType.NO_COMPRESSION)
                .setCompactionStyle(CompactionStyle.LEVEL);
        return settings.common();
    }

    /** What Flink gives to all states of a slot together. The write buffers count against the cache. */
    static final class Shared implements AutoCloseable {
        private static final double WRITE_BUFFER_RATIO = 0.5;
        private static final double HIGH_PRIORITY_RATIO = 0.1;

        final Cache cache;
        final long bufferBytes;
        final WriteBufferManager buffers;

        Shared(Setup setup) {
            // Flink's own formulas, which allow for the half by which the manager may overshoot.
            long cacheBytes = (long) ((3 - WRITE_BUFFER_RATIO) * setup.memoryBytes() / 3);
            bufferBytes = (long) (2 * setup.memoryBytes() * WRITE_BUFFER_RATIO / 3);
            cache = new LRUCache(cacheBytes, -1, false, HIGH_PRIORITY_RATIO);
            buffers = new WriteBufferManager(bufferBytes, cache);
        }

        @Override
        public void close() {
            buffers.close();
            cache.close();
        }
    }

    private RocksSettings common() {
        options.setCreateIfMissing(true)
                .setInfoLogLevel(InfoLogLevel.ERROR_LEVEL)
                .setMergeOperator(own(new StringAppendOperator(',')));
        return this;
    }

    private <T extends RocksObject> T own(T object) {
        owned.add(object);
        return object;
    }

    /** Where a store with these settings logs and keeps its files. */
    static String path(File directory) {
        return directory.getAbsolutePath();
    }

    @Override
    public void close() {
        for (int i = owned.size() - 1; i >= 0; i--) {
            owned.get(i).close();
        }
    }
}
