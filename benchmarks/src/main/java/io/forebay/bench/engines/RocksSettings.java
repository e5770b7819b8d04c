package io.forebay.bench.engines;

import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompactionStyle;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.RocksObject;
import org.rocksdb.WriteBufferManager;

/** How the hosts set up RocksDB. What is created here is closed by {@link #close()}, last first. */
final class RocksSettings implements AutoCloseable {
    private static final int BUFFERS = 3;
    private static final int BLOCK_BYTES = 4096;
    private static final int LEAST_ARENA_BYTES = 4096;
    private static final int ARENAS_IN_BUFFER = 8;

    /**
     * So many deletes next to each other become a range delete when an iterator passes them. The release has no recommended
     * number; this one lets the short queues and maps of the benchmark profit as well.
     */
    private static final int CONVERTED_TOMBSTONES = 16;

    private final List<RocksObject> owned = new ArrayList<>();
    final Options options;

    private RocksSettings(Options options) {
        this.options = own(options);
    }

    /**
     * Kafka Streams 4.3, RocksDBStore: universal compaction, no compression, bloom filters but for the last level, a cache and
     * write buffers for each store; index and filter blocks are beside the cache.
     */
    static RocksSettings kafka(Setup setup) {
        return kafka(setup, new Options());
    }

    /** The same with what later releases have against walks over deletes, which is off by default. */
    static RocksSettings newest(Setup setup) {
        return kafka(setup, convertingTombstones());
    }

    private static RocksSettings kafka(Setup setup, Options options) {
        RocksSettings settings = new RocksSettings(options);
        long cacheBytes = Math.max(1 << 20, setup.memoryBytes() - BUFFERS * (long) setup.memtableBytes());
        settings.kafka(setup, settings.table(settings.own(new LRUCache(cacheBytes))));
        return settings;
    }

    /**
     * Kafka Streams with the config setter of its memory management page: one cache for all stores, against which write buffers,
     * index and filter blocks count.
     */
    static RocksSettings boundedKafka(Setup setup, Shared shared) {
        return boundedKafka(setup, shared, new Options());
    }

    static RocksSettings boundedNewest(Setup setup, Shared shared) {
        return boundedKafka(setup, shared, convertingTombstones());
    }

    /** By the name of the option, because the release that this is compiled against does not have it. */
    private static Options convertingTombstones() {
        Properties named = new Properties();
        named.setProperty("min_tombstones_for_range_conversion", Integer.toString(CONVERTED_TOMBSTONES));
        try (DBOptions database = new DBOptions();
                ColumnFamilyOptions columns = ColumnFamilyOptions.getColumnFamilyOptionsFromProps(named)) {
            if (columns == null) {
                throw new IllegalStateException(
                        "This RocksDB does not know " + named.keySet() + "; release 11.3 was the first to have it");
            }
            return new Options(database, columns);
        }
    }

    private static RocksSettings boundedKafka(Setup setup, Shared shared, Options options) {
        RocksSettings settings = new RocksSettings(options);
        settings.options.setWriteBufferManager(shared.buffers);
        settings.kafka(
                setup,
                settings.table(shared.cache)
                        .setCacheIndexAndFilterBlocks(true)
                        .setCacheIndexAndFilterBlocksWithHighPriority(true)
                        .setPinTopLevelIndexAndFilter(true));
        return settings;
    }

    private BlockBasedTableConfig table(Cache cache) {
        return new BlockBasedTableConfig()
                .setBlockCache(cache)
                .setBlockSize(BLOCK_BYTES)
                .setFilterPolicy(own(new BloomFilter()));
    }

    private void kafka(Setup setup, BlockBasedTableConfig table) {
        options.setTableFormatConfig(table)
                .setAtomicFlush(true)
                .setOptimizeFiltersForHits(true)
                .setWriteBufferSize(setup.memtableBytes())
                .setMaxWriteBufferNumber(BUFFERS)
                .setCompressionType(CompressionType.NO_COMPRESSION)
                .setCompactionStyle(CompactionStyle.UNIVERSAL)
                .setInfoLogLevel(InfoLogLevel.ERROR_LEVEL)
                .setIncreaseParallelism(Math.max(Runtime.getRuntime().availableProcessors(), 2));
        common();
    }

    /**
     * Flink 2.3, EmbeddedRocksDBStateBackend with managed memory: leveled compaction, no filters, index and filter blocks in
     * the cache, write buffers of 64 MB under one manager that holds half of the memory. Flink's default compression, Snappy, is
     * off, because there is none anywhere in this comparison.
     *
     * @param databases that share the memory: where it is little, their arenas grow in smaller steps than the 1 MB of the
     *     default, as Flink advises when it warns that they would have write buffers flushed all the time
     */
    static RocksSettings flink(Setup setup, Shared shared, int databases) {
        RocksSettings settings = new RocksSettings(new Options());
        BlockBasedTableConfig table = new BlockBasedTableConfig()
                .setBlockCache(shared.cache)
                .setCacheIndexAndFilterBlocks(true)
                .setCacheIndexAndFilterBlocksWithHighPriority(true)
                .setPinL0FilterAndIndexBlocksInCache(true)
                .setBlockSize(BLOCK_BYTES)
                .setMetadataBlockSize(BLOCK_BYTES);
        settings.options
                .setTableFormatConfig(table)
                .setWriteBufferManager(shared.buffers)
                .setWriteBufferSize(Math.max(64L << 20, setup.memtableBytes()))
                .setArenaBlockSize(arenaBytes(shared, databases))
                .setMaxWriteBufferNumber(2)
                .setMinWriteBufferNumberToMerge(1)
                .setTargetFileSizeBase(64L << 20)
                .setMaxBytesForLevelBase(256L << 20)
                .setLevelCompactionDynamicLevelBytes(false)
                .setMaxBackgroundJobs(2)
                .setMaxOpenFiles(-1)
                .setUseFsync(false)
                .setStatsDumpPeriodSec(0)
                .setAvoidFlushDuringShutdown(true)
                .setCompressionType(CompressionType.NO_COMPRESSION)
                .setCompactionStyle(CompactionStyle.LEVEL);
        settings.common();
        return settings;
    }

    private static long arenaBytes(Shared shared, int databases) {
        return Math.max(LEAST_ARENA_BYTES, Math.min(1 << 20, shared.bufferBytes / databases / ARENAS_IN_BUFFER));
    }

    /** The merge operator is Flink's: the other one that appends strings copies the whole list for each element. */
    private void common() {
        options.setCreateIfMissing(true).setMergeOperatorName("stringappendtest");
    }

    /** Memory of several stores together; the write buffers count against the cache. */
    static final class Shared implements AutoCloseable {
        private static final double WRITE_BUFFER_RATIO = 0.5;
        private static final double HIGH_PRIORITY_RATIO = 0.1;

        final Cache cache;
        final WriteBufferManager buffers;
        final long bufferBytes;

        private Shared(long cacheBytes, long bufferBytes) {
            cache = new LRUCache(cacheBytes, -1, false, HIGH_PRIORITY_RATIO);
            buffers = new WriteBufferManager(bufferBytes, cache);
            this.bufferBytes = bufferBytes;
        }

        /** By the formulas of Flink, which allow for the half by which the manager may overshoot. */
        static Shared flink(Setup setup) {
            return new Shared((long) ((3 - WRITE_BUFFER_RATIO) * setup.memoryBytes() / 3), (long)
                    (2 * setup.memoryBytes() * WRITE_BUFFER_RATIO / 3));
        }

        static Shared kafka(Setup setup) {
            return new Shared(setup.memoryBytes(), (long) (setup.memoryBytes() * WRITE_BUFFER_RATIO));
        }

        @Override
        public void close() {
            buffers.close();
            cache.close();
        }
    }

    private <T extends RocksObject> T own(T object) {
        owned.add(object);
        return object;
    }

    @Override
    public void close() {
        for (int i = owned.size() - 1; i >= 0; i--) {
            owned.get(i).close();
        }
    }
}
