package io.forebay.bench.engines;

import io.forebay.store.Checkpoint;
import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.WriteBatch;
import java.io.File;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Forebay with its default options, apart from the memory and the size of its memtable, which all engines are given. */
final class ForebayEngine implements Engine {
    private static final byte[] NO_PAYLOAD = new byte[0];
    /** Records that a poll of a restore consumer returns at most. */
    private static final int RESTORE_BATCH = 1000;

    private final Environment environment;
    private final boolean ownsEnvironment;
    private final Store store;
    private final WriteBatch batch = new WriteBatch();
    private final Consumed consumed = new Consumed();
    private Checkpoint checkpoint;

    private ForebayEngine(Environment environment, boolean ownsEnvironment, File directory, Setup setup) {
        this.environment = environment;
        this.ownsEnvironment = ownsEnvironment;
        store = environment.open(
                FileStores.local(directory),
                StoreOptions.builder()
                        .memtableBytes(setup.memtableBytes())
                        .mergeFunction(MergeFunction.append((byte) ','))
                        .build());
    }

    static Engine open(File directory, Setup setup) {
        return new ForebayEngine(environment(setup), true, directory, setup);
    }

    /** Many stores that share one environment; the first one to be closed last takes it along. */
    static List<Engine> openMany(List<File> directories, Setup setup) {
        Environment shared = environment(setup);
        List<Engine> engines = new ArrayList<>();
        for (File directory : directories) {
            engines.add(new ForebayEngine(shared, engines.isEmpty(), directory, setup));
        }
        return engines;
    }

    private static Environment environment(Setup setup) {
        return Environment.builder().memoryBytes(setup.memoryBytes()).build();
    }

    @Override
    public void put(byte[] key, byte[] value) {
        store.put(key, value);
    }

    @Override
    public byte[] get(byte[] key) {
        return store.get(key);
    }

    @Override
    public void delete(byte[] key) {
        store.delete(key);
    }

    @Override
    public void putAll(byte[][] keys, byte[][] values) {
        batch.clear();
        for (int i = 0; i < keys.length; i++) {
            batch.put(keys[i], values[i]);
        }
        store.write(batch);
    }

    @Override
    public int getAll(byte[][] keys) {
        int found = 0;
        for (byte[] value : store.multiGet(Arrays.asList(keys))) {
            found += value == null ? 0 : 1;
        }
        return found;
    }

    @Override
    public void append(byte[] key, byte[] element) {
        store.merge(key, element);
    }

    @Override
    public int scan(byte[] from, int limit, boolean reverse) {
        int count = 0;
        long sum = 0;
        try (StoreIterator iterator = store.iterator(KeyRange.all())) {
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
        try (StoreIterator iterator = store.iterator(KeyRange.prefix(prefix))) {
            for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                sum += Consumed.mix(iterator.key(), iterator.value());
                count++;
            }
        }
        consumed.scanned(sum);
        return count;
    }

    @Override
    public void clearPrefix(byte[] prefix) {
        store.deletePrefix(prefix);
    }

    @Override
    public void bulkLoad(int count, Entries entries) {
        try (SortedIngest ingest = store.ingest()) {
            for (int i = 0; i < count; i++) {
                ingest.add(entries.key(i), entries.value(i));
            }
            ingest.finish();
        }
    }

    /** As the Kafka Streams adapter restores a changelog. */
    @Override
    public void restore(int count, Entries entries) {
        batch.clear();
        for (int i = 0; i < count; i++) {
            batch.put(entries.key(i), entries.value(i));
            if (batch.count() == RESTORE_BATCH) {
                store.write(batch);
                batch.clear();
            }
        }
        store.write(batch);
        flush();
    }

    @Override
    public void deleteRange(byte[] prefix) {
        store.deletePrefix(prefix);
    }

    @Override
    public void checkpointPause() {
        checkpoint = store.checkpoint(NO_PAYLOAD);
    }

    @Override
    public void finishCheckpoint() {
        if (checkpoint != null) {
            checkpoint.completion().join();
            checkpoint.close();
            checkpoint = null;
        }
    }

    /** The commit is what keeps the files at a close. */
    @Override
    public void flush() {
        store.commitDurably(NO_PAYLOAD);
    }

    @Override
    public void settle() {
        store.commitDurably(NO_PAYLOAD);
        store.compact();
    }

    @Override
    public void close() {
        finishCheckpoint();
        store.close();
        if (ownsEnvironment) {
            environment.close();
        }
    }
}
