package io.forebay.store.compaction;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The picker alone, over models of files: what it writes for each byte flushed, and what it keeps on disk. The figures of
 * docs/compaction.md come from here ({@code -Dforebay.figures=true} prints them).
 */
class WriteAmplificationTest {
    /** Entries of one memtable; a file holds twice as many. */
    private static final int MEMTABLE = 400;

    private static final long TARGET = 2L * MEMTABLE * ModelFile.ENTRY_BYTES;

    private record Figures(double written, double averageSpace, double maxSpace, double averageRuns, int maxRuns) {}

    /** Random updates of a store of so many memtables: no more written than by RocksDB, on less of the disk. */
    @ParameterizedTest
    @CsvSource({"5, 2.3, 1.65", "10, 2.9, 1.65", "30, 4.7, 1.30", "100, 5.9, 1.30"})
    void uniformUpdates(int memtables, double maxWritten, double maxSpace) {
        int keys = memtables * MEMTABLE;
        Random random = new Random(42);
        ModelStore store = new ModelStore(TARGET);
        RocksUniversalModel rocks = new RocksUniversalModel();
        long[] all = new long[keys];
        List<ModelFile.Item> items = new ArrayList<>();
        for (int key = 0; key < keys; key++) {
            all[key] = key;
            items.add(new ModelFile.Item(key, key, ++store.lastSequence));
        }
        store.load(items);
        rocks.load(all);
        int warmUp = memtables + 20;
        double rocksMaxSpace = 0;
        Meter meter = new Meter(store, keys);
        long rocksFlushed = 0;
        long rocksWritten = 0;
        for (int flush = 0; flush < 3 * memtables + 80; flush++) {
            if (flush == warmUp) {
                meter.start();
                rocksFlushed = rocks.flushed;
                rocksWritten = rocks.written;
            }
            long[] updates =
                    random.longs(0, keys).distinct().limit(MEMTABLE).sorted().toArray();
            store.flush(puts(store, updates));
            commitAndSettle(store, meter);
            rocks.flush(updates);
            rocksMaxSpace = flush >= warmUp ? Math.max(rocksMaxSpace, (double) rocks.entries() / keys) : 0;
        }
        Figures figures = meter.figures();
        double rocksWrites = (double) (rocks.written - rocksWritten) / (rocks.flushed - rocksFlushed);
        print("uniform, " + memtables + " memtables", figures);
        print("  RocksDB universal", String.format("written %.2f, space up to %.2f", rocksWrites, rocksMaxSpace));
        assertThat(figures.written).isLessThan(maxWritten);
        assertThat(figures.maxSpace).isLessThan(maxSpace);
        assertThat(figures.maxRuns).isLessThanOrEqualTo(TierMerges.MAX_TIERS + 1);
        assertThat(figures.written).isLessThan(rocksWrites);
        // No job needs more than a part of the store.
        assertThat((double) store.largestJob / (keys * ModelFile.ENTRY_BYTES)).isLessThan(memtables <= 10 ? 0.6 : 0.3);
    }

    /** Ascending keys: every file moves to the bottom as it is. */
    @Test
    void sequentialInserts() {
        ModelStore store = new ModelStore(TARGET);
        Meter meter = new Meter(store, 0);
        meter.start();
        long next = 0;
        for (int flush = 0; flush < 200; flush++) {
            long[] keys = new long[MEMTABLE];
            for (int i = 0; i < MEMTABLE; i++) {
                keys[i] = next++;
            }
            meter.live = next;
            store.flush(puts(store, keys));
            commitAndSettle(store, meter);
        }
        Figures figures = meter.figures();
        print("sequential", figures);
        assertThat(figures.written).isEqualTo(1.0);
        assertThat(figures.maxRuns).isEqualTo(1);
    }

    /** Ascending keys in flushes that are much smaller than a file: small files are gathered, not left by the hundred. */
    @Test
    void sequentialInsertsInSmallFlushes() {
        ModelStore store = new ModelStore(TARGET);
        Meter meter = new Meter(store, 0);
        meter.start();
        long next = 0;
        for (int flush = 0; flush < 800; flush++) {
            long[] keys = new long[MEMTABLE / 32];
            for (int i = 0; i < keys.length; i++) {
                keys[i] = next++;
            }
            meter.live = next;
            store.flush(puts(store, keys));
            commitAndSettle(store, meter);
        }
        Figures figures = meter.figures();
        print("sequential, small flushes", figures);
        assertThat(figures.written).isLessThan(3.5);
        assertThat(store.fileCount()).isLessThan(50);
    }

    /** Random inserts into an empty store until it has a hundred memtables. */
    @Test
    void growth() {
        ModelStore store = new ModelStore(TARGET);
        Random random = new Random(43);
        Meter meter = new Meter(store, 0);
        meter.start();
        Set<Long> live = new HashSet<>();
        for (int flush = 0; flush < 100; flush++) {
            long[] keys = random.longs(0, 1L << 40)
                    .distinct()
                    .limit(MEMTABLE)
                    .sorted()
                    .toArray();
            Arrays.stream(keys).forEach(live::add);
            meter.live = live.size();
            store.flush(puts(store, keys));
            commitAndSettle(store, meter);
        }
        Figures figures = meter.figures();
        print("growth to 100 memtables", figures);
        assertThat(figures.written).isLessThan(6.5);
        assertThat(figures.maxSpace).isLessThan(1.01);
    }

    /** Windows: keys under a time prefix, random within the newest one; the oldest one goes by one range delete. */
    @Test
    void timePrefixedWindows() {
        int windows = 24;
        int flushesPerWindow = 8;
        long windowKeys = 1L << 32;
        ModelStore store = new ModelStore(TARGET);
        Random random = new Random(44);
        Meter meter = new Meter(store, 0);
        for (int window = 0; window < 3 * windows; window++) {
            if (window == windows) {
                meter.start();
            }
            for (int flush = 0; flush < flushesPerWindow; flush++) {
                long first = window * windowKeys;
                long[] keys = random.longs(first, first + windowKeys)
                        .distinct()
                        .limit(MEMTABLE)
                        .sorted()
                        .toArray();
                List<ModelFile.Item> items = puts(store, keys);
                if (flush == 0 && window >= windows) {
                    long expired = (long) window - windows;
                    items.add(
                            new ModelFile.Item(expired * windowKeys, (expired + 1) * windowKeys, ++store.lastSequence));
                    items.sort(Comparator.comparingLong(ModelFile.Item::key));
                }
                meter.live =
                        (long) Math.min(window, windows - 1) * flushesPerWindow * MEMTABLE + (flush + 1L) * MEMTABLE;
                store.flush(items);
                commitAndSettle(store, meter);
            }
        }
        Figures figures = meter.figures();
        print("windows with expiry", figures);
        assertThat(figures.written).isLessThan(4.2);
        assertThat(figures.maxSpace).isLessThan(1.1);
        assertThat(store.drops).isGreaterThan(windows);
    }

    /**
     * Flink maps: each flush clears some and fills them again, in the same flush or some flushes later, and overwrites entries of others. What is
     * cleared makes no more merges due than what is written instead.
     */
    @ParameterizedTest
    @CsvSource({"10, 0, 3.0, 1.60", "10, 3, 3.0, 1.70", "50, 0, 5.2, 1.30", "50, 3, 5.2, 1.30"})
    void mapsThatAreClearedAndFilledAgain(int memtables, int flushesLater, double maxWritten, double maxSpace) {
        int maps = memtables * MEMTABLE / MAP_KEYS;
        Random random = new Random(46);
        ModelStore store = new ModelStore(TARGET);
        List<ModelFile.Item> items = new ArrayList<>();
        for (int map = 0; map < maps; map++) {
            items.addAll(puts(store, map(map)));
        }
        store.load(items);
        Meter meter = new Meter(store, (long) maps * MAP_KEYS);
        Deque<Set<Integer>> empty = new ArrayDeque<>();
        for (int flush = 0; flush < 3 * memtables + 80; flush++) {
            if (flush == memtables + 20) {
                meter.start();
            }
            Set<Integer> cleared = new TreeSet<>();
            while (cleared.size() < MEMTABLE / MAP_KEYS / 2) {
                int map = random.nextInt(maps);
                if (empty.stream().noneMatch(some -> some.contains(map))) {
                    cleared.add(map);
                }
            }
            empty.add(cleared);
            Set<Integer> filled = empty.size() > flushesLater ? empty.remove() : Set.of();
            List<ModelFile.Item> written = new ArrayList<>();
            for (int map : cleared) {
                written.add(new ModelFile.Item(map * MAP_SPAN, (map + 1) * MAP_SPAN, ++store.lastSequence));
            }
            filled.forEach(map -> written.addAll(puts(store, map(map))));
            Set<Long> overwritten = new TreeSet<>();
            while (overwritten.size() < MEMTABLE / 2) {
                int map = random.nextInt(maps);
                if (!cleared.contains(map)
                        && empty.stream().noneMatch(some -> some.contains(map))
                        && !filled.contains(map)) {
                    overwritten.add(map * MAP_SPAN + random.nextInt(MAP_KEYS));
                }
            }
            written.addAll(
                    puts(store, overwritten.stream().mapToLong(Long::longValue).toArray()));
            written.sort(Comparator.comparingLong(ModelFile.Item::key));
            meter.live = (long) (maps - empty.stream().mapToInt(Set::size).sum()) * MAP_KEYS;
            store.flush(written);
            commitAndSettle(store, meter);
        }
        Figures figures = meter.figures();
        print("maps, " + memtables + " memtables, filled " + flushesLater + " flushes later", figures);
        assertThat(figures.written).isLessThan(maxWritten);
        assertThat(figures.maxSpace).isLessThan(maxSpace);
    }

    private static final int MAP_KEYS = 50;
    private static final long MAP_SPAN = 1000;

    private static long[] map(int map) {
        return LongStream.range(map * MAP_SPAN, map * MAP_SPAN + MAP_KEYS).toArray();
    }

    /** Nine tenths of the maps are cleared, some in each file, and nothing is written after that. */
    @ParameterizedTest
    @CsvSource({"5, 1", "50, 1", "50, 3"})
    void clearedMapsAreGivenBackAtRest(int memtables, int flushes) {
        int maps = memtables * MEMTABLE / MAP_KEYS;
        ModelStore store = new ModelStore(TARGET);
        List<ModelFile.Item> items = new ArrayList<>();
        for (int map = 0; map < maps; map++) {
            items.addAll(puts(store, map(map)));
        }
        store.load(items);
        Meter meter = new Meter(store, maps / 10 * (long) MAP_KEYS);
        meter.start();
        for (int flush = 0; flush < flushes; flush++) {
            List<ModelFile.Item> clears = new ArrayList<>();
            for (int map = 0; map < maps; map++) {
                if (map % 10 != 0 && map % flushes == flush) {
                    clears.add(new ModelFile.Item(map * MAP_SPAN, (map + 1) * MAP_SPAN, ++store.lastSequence));
                }
            }
            store.flush(clears);
            commitAndSettle(store, meter);
        }
        double space = (double) store.bytes() / (meter.live * ModelFile.ENTRY_BYTES);
        print("cleared maps, " + memtables + " memtables, flushes " + flushes, space);
        assertThat(space).isLessThan(memtables < 10 ? 1.6 : 1.35);
    }

    /** Nothing is ever committed: tiers only, still few runs. */
    @Test
    void uncommittedBulk() {
        ModelStore store = new ModelStore(TARGET);
        Random random = new Random(45);
        Meter meter = new Meter(store, 0);
        meter.start();
        for (int flush = 0; flush < 150; flush++) {
            long[] keys = random.longs(0, 1L << 40)
                    .distinct()
                    .limit(MEMTABLE)
                    .sorted()
                    .toArray();
            meter.live += MEMTABLE;
            store.flush(puts(store, keys));
            store.settle();
            meter.measure();
        }
        Figures figures = meter.figures();
        print("uncommitted bulk", figures);
        assertThat(figures.written).isLessThan(4.5);
        assertThat(figures.maxRuns).isLessThanOrEqualTo(TierMerges.MAX_TIERS + 1);
    }

    private static void commitAndSettle(ModelStore store, Meter meter) {
        store.durable = store.lastSequence;
        store.settle();
        meter.measure();
    }

    private static List<ModelFile.Item> puts(ModelStore store, long[] sortedKeys) {
        List<ModelFile.Item> items = new ArrayList<>(sortedKeys.length);
        for (long key : sortedKeys) {
            items.add(new ModelFile.Item(key, key, ++store.lastSequence));
        }
        return items;
    }

    private static void print(String what, Object figures) {
        if (Boolean.getBoolean("forebay.figures")) {
            System.out.println(what + ": " + figures);
        }
    }

    /** Follows a store from {@link #start()} on. */
    private static final class Meter {
        private final ModelStore store;
        long live;
        private long flushedBefore;
        private long writtenBefore;
        private double spaceSum;
        private double maxSpace;
        private long runsSum;
        private int maxRuns;
        private int samples;

        Meter(ModelStore store, long live) {
            this.store = store;
            this.live = live;
        }

        void start() {
            flushedBefore = store.bytesFlushed;
            writtenBefore = store.bytesWritten;
            store.largestJob = 0;
            spaceSum = 0;
            maxSpace = 0;
            runsSum = 0;
            maxRuns = 0;
            samples = 0;
        }

        void measure() {
            double space = (double) store.bytes() / (live * ModelFile.ENTRY_BYTES);
            spaceSum += space;
            maxSpace = Math.max(maxSpace, space);
            runsSum += store.runCount();
            maxRuns = Math.max(maxRuns, store.runCount());
            samples++;
        }

        Figures figures() {
            return new Figures(
                    (double) (store.bytesWritten - writtenBefore) / (store.bytesFlushed - flushedBefore),
                    spaceSum / samples,
                    maxSpace,
                    (double) runsSum / samples,
                    maxRuns);
        }
    }
}
