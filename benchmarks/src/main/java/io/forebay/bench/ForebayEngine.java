package io.forebay.bench;

import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import java.io.File;

/** Forebay with the memory that RocksDB has under Kafka Streams: 50 MB of cache and three write buffers of 16 MB. */
final class ForebayEngine implements Engine {
    static final long MEMORY = (50L << 20) + 3 * (16L << 20);

    private final Environment environment;
    private final Store store;

    ForebayEngine(File directory) {
        environment =
                Environment.builder().memoryBytes(MEMORY).backgroundThreads(2).build();
        store = environment.open(
                FileStores.local(directory),
                StoreOptions.builder().memtableBytes(16 << 20).build());
    }

    @Override
    public String name() {
        return "Forebay";
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
    public long scan(byte[] from, int limit) {
        long sum = 0;
        try (StoreIterator iterator = store.iterator(KeyRange.all())) {
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
        try (StoreIterator iterator = store.iterator(KeyRange.all())) {
            for (iterator.seekToLast(); iterator.isValid(); iterator.prev()) {
                sum += iterator.key()[0] + iterator.value().length;
            }
        }
        return sum;
    }

    @Override
    public void settle() {
        store.commitDurably(new byte[0]);
        store.compact();
    }

    @Override
    public void close() {
        store.close();
        environment.close();
    }
}
