package io.forebay.bench;

import java.io.File;
import java.util.ArrayList;
import java.util.List;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.CompactionStyle;
import org.rocksdb.CompressionType;
import org.rocksdb.FlushOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.RocksObject;
import org.rocksdb.WriteOptions;

/** RocksDB with the options that Kafka Streams 4.3 gives it: no write-ahead log, no compression, universal compaction. */
final class RocksEngine implements Engine {
    static {
        RocksDB.loadLibrary();
    }

    private final RocksDB db;
    private final List<RocksObject> owned = new ArrayList<>();
    private final WriteOptions writeOptions = own(new WriteOptions().setDisableWAL(true));

    RocksEngine(File directory) {
        BlockBasedTableConfig table = new BlockBasedTableConfig()
                .setBlockCache(own(new LRUCache(50L << 20)))
                .setBlockSize(4096)
                .setFilterPolicy(own(new BloomFilter()));
        Options options = own(new Options())
                .setTableFormatConfig(table)
                .setWriteBufferSize(16L << 20)
                .setMaxWriteBufferNumber(3)
                .setCompressionType(CompressionType.NO_COMPRESSION)
                .setCompactionStyle(CompactionStyle.UNIVERSAL)
                .setCreateIfMissing(true)
                .setInfoLogLevel(InfoLogLevel.ERROR_LEVEL)
                .setIncreaseParallelism(Math.max(Runtime.getRuntime().availableProcessors(), 2));
        try {
            db = RocksDB.open(options, directory.getPath());
        } catch (RocksDBException e) {
            throw new IllegalStateException("RocksDB does not open", e);
        }
    }

    private <T extends RocksObject> T own(T object) {
        owned.add(object);
        return object;
    }

    @Override
    public String name() {
        return "RocksDB";
    }

    @Override
    public void put(byte[] key, byte[] value) {
        try {
            db.put(writeOptions, key, value);
        } catch (RocksDBException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public byte[] get(byte[] key) {
        try {
            return db.get(key);
        } catch (RocksDBException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public long scan(byte[] from, int limit) {
        long sum = 0;
        try (RocksIterator iterator = db.newIterator()) {
            int left = limit;
            for (iterator.seek(from); iterator.isValid() && left > 0; iterator.next(), left--) {
                sum += iterator.key()[0] + iterator.value().length;
            }
        }
        return sum;
    }

    @Override
    public long scanBackwards() {
        long sum = 0;
        try (RocksIterator iterator = db.newIterator()) {
            for (iterator.seekToLast(); iterator.isValid(); iterator.prev()) {
                sum += iterator.key()[0] + iterator.value().length;
            }
        }
        return sum;
    }

    @Override
    public void settle() {
        try (FlushOptions flush = new FlushOptions().setWaitForFlush(true)) {
            db.flush(flush);
            db.compactRange();
        } catch (RocksDBException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        db.close();
        for (int i = owned.size() - 1; i >= 0; i--) {
            owned.get(i).close();
        }
    }
}
