package io.forebay.bench.engines;

import io.forebay.bench.system.Files;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.rocksdb.Checkpoint;
import org.rocksdb.EnvOptions;
import org.rocksdb.FlushOptions;
import org.rocksdb.IngestExternalFileOptions;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.SstFileWriter;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/** RocksDB through JNI, set up as one of the hosts does; without its write-ahead log, as both hosts run it. */
final class RocksEngine implements Engine {
    static {
        RocksDB.loadLibrary();
    }

    /** Records that a poll of a restore consumer returns at most. */
    private static final int KAFKA_BATCH = 1000;

    /** Capacity of Flink's write batch wrapper. */
    private static final int FLINK_BATCH = 500;

    private final File directory;
    private final int restoreBatch;
    private final RocksSettings settings;
    private final AutoCloseable shared;
    private final RocksDB db;
    private final WriteOptions writeOptions = new WriteOptions().setDisableWAL(true);
    private final Consumed consumed = new Consumed();
    private File checkpoint;

    private RocksEngine(File directory, RocksSettings settings, AutoCloseable shared, int restoreBatch) {
        this.directory = directory;
        this.settings = settings;
        this.shared = shared;
        this.restoreBatch = restoreBatch;
        try {
            db = RocksDB.open(settings.options, directory.getAbsolutePath());
        } catch (RocksDBException e) {
            throw new IllegalStateException("RocksDB does not open", e);
        }
    }

    static Engine openAsKafka(File directory, Setup setup) {
        return new RocksEngine(directory, RocksSettings.kafka(setup), () -> {}, KAFKA_BATCH);
    }

    static Engine openAsFlink(File directory, Setup setup) {
        RocksSettings.Shared memory = RocksSettings.Shared.flink(setup);
        return new RocksEngine(directory, RocksSettings.flink(setup, memory, 1), memory, FLINK_BATCH);
    }

    static Engine openNewest(File directory, Setup setup) {
        return new RocksEngine(directory, RocksSettings.newest(setup), () -> {}, KAFKA_BATCH);
    }

    static List<Engine> openManyNewest(List<File> directories, Setup setup) {
        RocksSettings.Shared memory = RocksSettings.Shared.kafka(setup);
        return openMany(directories, memory, KAFKA_BATCH, () -> RocksSettings.boundedNewest(setup, memory));
    }

    /** As Kafka Streams recommends it to those who have to bound memory. */
    static List<Engine> openManyAsKafka(List<File> directories, Setup setup) {
        RocksSettings.Shared memory = RocksSettings.Shared.kafka(setup);
        return openMany(directories, memory, KAFKA_BATCH, () -> RocksSettings.boundedKafka(setup, memory));
    }

    /** As Flink does it for the operators of one slot: a database each, with the memory in common. */
    static List<Engine> openManyAsFlink(List<File> directories, Setup setup) {
        RocksSettings.Shared memory = RocksSettings.Shared.flink(setup);
        return openMany(directories, memory, FLINK_BATCH, () -> RocksSettings.flink(setup, memory, directories.size()));
    }

    /** The first one ends the shared memory when it is closed, as the last one. */
    private static List<Engine> openMany(
            List<File> directories, RocksSettings.Shared memory, int batch, Supplier<RocksSettings> settings) {
        List<Engine> engines = new ArrayList<>();
        for (File directory : directories) {
            engines.add(new RocksEngine(directory, settings.get(), engines.isEmpty() ? memory : () -> {}, batch));
        }
        return engines;
    }

    private interface Call<T> {
        T run() throws RocksDBException;
    }

    private static <T> T call(Call<T> call) {
        try {
            return call.run();
        } catch (RocksDBException e) {
            throw new IllegalStateException(e);
        }
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
    public void delete(byte[] key) {
        try {
            db.delete(writeOptions, key);
        } catch (RocksDBException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void putAll(byte[][] keys, byte[][] values) {
        try (WriteBatch batch = new WriteBatch()) {
            for (int i = 0; i < keys.length; i++) {
                batch.put(keys[i], values[i]);
            }
            db.write(writeOptions, batch);
        } catch (RocksDBException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public int getAll(byte[][] keys) {
        int found = 0;
        for (byte[] value : call(() -> db.multiGetAsList(Arrays.asList(keys)))) {
            found += value == null ? 0 : 1;
        }
        return found;
    }

    @Override
    public void append(byte[] key, byte[] element) {
        try {
            db.merge(writeOptions, key, element);
        } catch (RocksDBException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public int scan(byte[] from, int limit, boolean reverse) {
        int count = 0;
        long sum = 0;
        try (RocksIterator iterator = db.newIterator()) {
            if (from == null) {
                if (reverse) {
                    iterator.seekToLast();
                } else {
                    iterator.seekToFirst();
                }
            } else if (reverse) {
                iterator.seekForPrev(from);
            } else {
                iterator.seek(from);
            }
            while (iterator.isValid() && count < limit) {
                sum += Consumed.mix(iterator.key(), iterator.value());
                count++;
                if (reverse) {
                    iterator.prev();
                } else {
                    iterator.next();
                }
            }
        }
        consumed.scanned(sum);
        return count;
    }

    @Override
    public long scannedSum() {
        return consumed.sum();
    }

    @Override
    public int scanPrefix(byte[] prefix) {
        int count = 0;
        long sum = 0;
        byte[] end = Prefixes.end(prefix);
        try (Slice bound = end == null ? null : new Slice(end);
                ReadOptions options = new ReadOptions()) {
            if (bound != null) {
                options.setIterateUpperBound(bound);
            }
            try (RocksIterator iterator = db.newIterator(options)) {
                for (iterator.seek(prefix); iterator.isValid(); iterator.next()) {
                    sum += Consumed.mix(iterator.key(), iterator.value());
                    count++;
                }
            }
        }
        consumed.scanned(sum);
        return count;
    }

    /** As Flink clears a map state: walks the entries and deletes each, in batches. Kafka Streams has nothing of the kind. */
    @Override
    public void clearPrefix(byte[] prefix) {
        try (RocksIterator iterator = db.newIterator();
                WriteBatch batch = new WriteBatch()) {
            for (iterator.seek(prefix); iterator.isValid(); iterator.next()) {
                byte[] key = iterator.key();
                if (!Prefixes.isUnder(key, prefix)) {
                    break;
                }
                batch.delete(key);
                if (batch.count() == FLINK_BATCH) {
                    db.write(writeOptions, batch);
                    batch.clear();
                }
            }
            db.write(writeOptions, batch);
        } catch (RocksDBException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void bulkLoad(int count, Entries entries) {
        File file = new File(directory.getParentFile(), directory.getName() + ".bulk.sst");
        try (EnvOptions environment = new EnvOptions();
                SstFileWriter writer = new SstFileWriter(environment, settings.options);
                IngestExternalFileOptions ingest = new IngestExternalFileOptions().setMoveFiles(true)) {
            writer.open(file.getPath());
            for (int i = 0; i < count; i++) {
                writer.put(entries.key(i), entries.value(i));
            }
            writer.finish();
            db.ingestExternalFile(List.of(file.getPath()), ingest);
        } catch (RocksDBException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void restore(int count, Entries entries) {
        try (WriteBatch batch = new WriteBatch()) {
            for (int i = 0; i < count; i++) {
                batch.put(entries.key(i), entries.value(i));
                if (batch.count() == restoreBatch) {
                    db.write(writeOptions, batch);
                    batch.clear();
                }
            }
            db.write(writeOptions, batch);
        } catch (RocksDBException e) {
            throw new IllegalStateException(e);
        }
        flush();
    }

    @Override
    public void deleteRange(byte[] prefix) {
        try {
            db.deleteRange(writeOptions, prefix, Prefixes.end(prefix));
        } catch (RocksDBException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Flink's synchronous phase: a checkpoint directory of hard links, which flushes the write buffers first. */
    @Override
    public void checkpointPause() {
        checkpoint = new File(directory.getParentFile(), directory.getName() + ".checkpoint");
        try (Checkpoint links = Checkpoint.create(db)) {
            links.createCheckpoint(checkpoint.getPath());
        } catch (RocksDBException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void finishCheckpoint() {
        if (checkpoint == null) {
            return;
        }
        try {
            Files.deleteTree(checkpoint.toPath());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        checkpoint = null;
    }

    @Override
    public void flush() {
        try (FlushOptions flush = new FlushOptions().setWaitForFlush(true)) {
            db.flush(flush);
        } catch (RocksDBException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void settle() {
        flush();
        try {
            db.compactRange();
        } catch (RocksDBException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        db.close();
        writeOptions.close();
        settings.close();
        try {
            shared.close();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
