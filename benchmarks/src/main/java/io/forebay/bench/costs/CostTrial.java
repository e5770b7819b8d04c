package io.forebay.bench.costs;

import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.StoreStatistics;
import io.forebay.store.ValueBuffer;
import io.forebay.store.WriteBatch;
import java.io.File;
import java.util.EnumMap;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * All works on one fresh store, once. A store is loaded and settled; a quarter of its keys is overwritten in one memtable,
 * whose flush and whose compaction with all the rest are timed by themselves; then it is opened again for cold reads. Cold
 * means that the block cache is empty; the files are in the page cache of the operating system. Warm means that all of it
 * is in the block cache.
 */
final class CostTrial {
    static final int BATCH = 100;

    /** Of batches when nothing is timed. */
    private static final int LARGE_BATCH = 5000;

    /** Of writes that wait for the disk few are enough: one of so many keys alone, and one of so many in batches. */
    private static final int SLOW_SINGLE_SHARE = 1000;

    private static final int SLOW_BATCH_SHARE = 50;

    /** Keys of this distance lie in different blocks of 4 KiB, so that no cold get finds the block of another. */
    private static final int COLD_STEP = 64;

    private static final int OVERWRITTEN_SHARE = 4;
    /** Memory of a memtable beside keys and values, for each entry; rather too much. */
    private static final int ENTRY_OVERHEAD = 192;

    private static final int LEAST_MEMTABLE = 16 << 20;

    private final Variant variant;
    private final RecordData records;
    private final int valueBytes;
    private final File directory;
    private final SplittableRandom random;
    private final Map<Work, Sample> samples = new EnumMap<>(Work.class);
    private final ValueBuffer buffer = new ValueBuffer();
    private Store store;

    /**
     * Time and checked bytes of one operation.
     *
     * @param checkedBytes bytes of blocks over which checksums were made or verified
     */
    record Sample(double nanos, double checkedBytes) {}

    @FunctionalInterface
    private interface Step {
        /** @return number of operations done */
        long run();
    }

    CostTrial(Variant variant, RecordData records, int valueBytes, File directory, long seed) {
        this.variant = variant;
        this.records = records;
        this.valueBytes = valueBytes;
        this.directory = directory;
        random = new SplittableRandom(seed);
    }

    /** @return a sample for each work; the closed store is left in the directory */
    Map<Work, Sample> run() {
        long raw = (long) records.count() * (RecordData.KEY_BYTES + valueBytes);
        int memtable = memtableBytes();
        // Everything fits into the cache, twice because files and caches of a closed store go only bit by bit.
        try (Environment environment =
                Environment.builder().memoryBytes(4L * memtable + 3 * raw).build()) {
            StoreOptions options = variant.options(memtable);
            try (Store opened = open(environment, options)) {
                write(opened);
            }
            try (Store opened = open(environment, options)) {
                time(Work.GET_COLD, this::getCold);
            }
            try (Store opened = open(environment, options)) {
                time(Work.SCAN_COLD, this::scan);
                get(records.count() / 10);
                time(Work.GET_WARM, () -> get(records.count() / 2));
                time(Work.SCAN_WARM, this::scan);
            }
        }
        return samples;
    }

    private int memtableBytes() {
        long needed = records.count() / OVERWRITTEN_SHARE * (long) (RecordData.KEY_BYTES + valueBytes + ENTRY_OVERHEAD);
        return (int) Math.min(1 << 30, Math.max(LEAST_MEMTABLE, needed * 3 / 2));
    }

    private Store open(Environment environment, StoreOptions options) {
        store = environment.open(FileStores.local(directory), options);
        return store;
    }

    private void write(Store opened) {
        int single = variant.isSlowToWrite() ? records.count() / SLOW_SINGLE_SHARE : records.count() / 2;
        int batched = variant.isSlowToWrite() ? records.count() / SLOW_BATCH_SHARE : records.count() - single;
        time(Work.PUT, () -> {
            for (int i = 0; i < single; i++) {
                int number = records.shuffled(i);
                opened.put(records.key(number), records.value(number, 0));
            }
            return single;
        });
        time(Work.PUT_BATCH, () -> putBatches(single, single + batched, BATCH, 0));
        putBatches(single + batched, records.count(), LARGE_BATCH, 0);
        opened.commit(new byte[0]);
        opened.compact();

        int overwritten = records.count() / OVERWRITTEN_SHARE;
        putBatches(0, overwritten, LARGE_BATCH, 1);
        opened.commit(new byte[0]);
        if (opened.statistics().immutableMemtables() > 0) {
            throw new IllegalStateException("The memtable was flushed before its time");
        }
        time(Work.FLUSH, () -> {
            opened.flush();
            return overwritten;
        });
        time(Work.COMPACTION, () -> {
            opened.compact();
            return (long) records.count() + overwritten;
        });
        if (opened.statistics().sortedRuns() != 1) {
            throw new IllegalStateException(
                    "A full compaction left " + opened.statistics().sortedRuns() + " runs");
        }
    }

    private long putBatches(int from, int to, int size, int edition) {
        WriteBatch batch = new WriteBatch();
        for (int i = from; i < to; i++) {
            int number = records.shuffled(i);
            batch.put(records.key(number), records.value(number, edition));
            if (batch.count() == size || i == to - 1) {
                store.write(batch);
                batch.clear();
            }
        }
        return (long) to - from;
    }

    private long getCold() {
        int blocks = records.count() / COLD_STEP;
        int first = random.nextInt(COLD_STEP);
        int stride = Math.max(1, (int) (blocks * 0.618)) | 1;
        while (gcd(stride, blocks) != 1) {
            stride += 2;
        }
        for (long i = 0, block = 0; i < blocks; i++, block = (block + stride) % blocks) {
            get((int) block * COLD_STEP + first, i);
        }
        return blocks;
    }

    private long get(int times) {
        for (int i = 0; i < times; i++) {
            get(random.nextInt(records.count()), i);
        }
        return times;
    }

    private void get(int number, long operation) {
        byte[] key = records.key(number);
        if (!store.get(key, 0, key.length, buffer) || buffer.length() != valueBytes) {
            throw new IllegalStateException("Get " + operation + " does not find record " + number);
        }
    }

    private static int gcd(int a, int b) {
        return b == 0 ? a : gcd(b, a % b);
    }

    private long scan() {
        long count = 0;
        long bytes = 0;
        try (StoreIterator iterator = store.iterator(KeyRange.all())) {
            for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                iterator.value(buffer);
                bytes += iterator.keyLength() + buffer.length();
                count++;
            }
        }
        if (count != records.count() || bytes != count * (RecordData.KEY_BYTES + valueBytes)) {
            throw new IllegalStateException("A scan finds " + count + " records of " + bytes + " bytes");
        }
        return count;
    }

    private void time(Work work, Step step) {
        StoreStatistics before = store.statistics();
        long started = System.nanoTime();
        double operations = step.run();
        long nanos = System.nanoTime() - started;
        StoreStatistics after = store.statistics();
        long checked = after.bytesFlushed()
                - before.bytesFlushed()
                + after.bytesCompactedIn()
                - before.bytesCompactedIn()
                + after.bytesCompactedOut()
                - before.bytesCompactedOut()
                + (after.blockCacheMisses() - before.blockCacheMisses())
                        * StoreOptions.defaults().blockBytes();
        samples.put(work, new Sample(nanos / operations, checked / operations));
    }
}
