package io.forebay.store.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.Snapshot;
import io.forebay.store.Store;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.ValueBuffer;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.Effort;
import io.forebay.store.testing.Figures;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.PoisonSlabs;
import io.forebay.store.testing.Seeds;
import io.forebay.store.testing.SteppedEnvironment;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Iterators that nobody moves hold no memtable, and miss nothing by it when they are moved again. */
class IdleIteratorsTest {
    private static final int MIB = 1 << 20;

    private static byte[] key(int i) {
        return String.format("key %08d", i).getBytes(UTF_8);
    }

    @Test
    void anIdleIteratorHoldsNoMemtableOnceThatIsFlushed() {
        try (SteppedEnvironment stepped = new SteppedEnvironment(4 * MIB)) {
            Store store = stepped.open(new CrashFileStore());
            long empty = stepped.environment.statistics().memtableBytes();
            for (int i = 0; i < 1000; i++) {
                store.put(key(i), key(i));
            }
            StoreIterator iterator = store.iterator(KeyRange.all());
            iterator.seek(key(500));
            store.put(key(500), key(1)); // what it does not see
            store.flush();
            assertThat(stepped.environment.statistics().memtableBytes()).isEqualTo(empty);
            assertThat(store.statistics().idleIteratorsEmptied()).isEqualTo(1);
            assertThat(iterator.isValid()).isTrue();
            assertThat(iterator.key()).isEqualTo(key(500));
            assertThat(iterator.valueLength()).isEqualTo(key(500).length);
            assertThat(iterator.value()).isEqualTo(key(500));
            iterator.next();
            assertThat(iterator.value()).isEqualTo(key(501));
            iterator.prev();
            iterator.prev();
            assertThat(iterator.value()).isEqualTo(key(499));
            iterator.close();
            assertThat(store.statistics().openIterators()).isZero();
        }
    }

    /** Each move of each kind comes right after memtables were taken away, with merges, range deletes and a filter about. */
    @Test
    void whateverIsDoneNext() {
        Figures figures = new Figures("IdleIteratorsTest.whateverIsDoneNext");
        AtomicLong takes = new AtomicLong();
        Seeds.run(
                IdleIteratorsTest.class, (int) Effort.of("idle.walks", 60, 6_000), seed -> takes.addAndGet(walk(seed)));
        figures.add("taken", takes.get());
        figures.write();
        assertThat(takes.get()).isPositive();
    }

    private static long walk(long seed) {
        Random random = new Random(seed);
        StoreOptions.Builder options = StoreOptions.builder().mergeFunction(MergeFunction.append((byte) ','));
        if (random.nextInt(4) == 0) {
            options.compactionFilter((key, keyLength, value, valueLength) -> false);
        }
        try (SteppedEnvironment stepped = new SteppedEnvironment(4 * MIB)) {
            Store store = stepped.open(new CrashFileStore(), options);
            TreeMap<String, String> model = new TreeMap<>();
            List<StoreIterator> iterators = new ArrayList<>();
            List<TreeMap<String, String>> seen = new ArrayList<>();
            List<String> places = new ArrayList<>();
            for (int round = 0; round < 300; round++) {
                change(store, model, random);
                if (iterators.size() < 6 && random.nextInt(10) == 0) {
                    iterators.add(store.iterator(KeyRange.all()));
                    seen.add(new TreeMap<>(model));
                    places.add(null);
                }
                if (random.nextInt(3) == 0) {
                    store.flush();
                    if (random.nextInt(8) == 0) {
                        store.commit(new byte[] {(byte) round});
                        store.compact();
                    }
                }
                for (int i = 0; i < iterators.size(); i++) {
                    if (random.nextInt(3) == 0) {
                        String place = move(iterators.get(i), seen.get(i), places.get(i), random);
                        places.set(i, place);
                        check(iterators.get(i), seen.get(i), place, random, "seed " + seed + ", round " + round);
                    }
                }
            }
            long takes = store.statistics().idleIteratorsEmptied();
            iterators.forEach(StoreIterator::close);
            store.close();
            return takes;
        }
    }

    private static void change(Store store, TreeMap<String, String> model, Random random) {
        for (int i = 0; i < 5; i++) {
            String key = "k" + random.nextInt(60);
            String value = "v" + random.nextInt(1000);
            switch (random.nextInt(8)) {
                case 0, 1, 2 -> {
                    store.put(bytes(key), bytes(value));
                    model.put(key, value);
                }
                case 3, 4 -> {
                    store.merge(bytes(key), bytes(value));
                    model.merge(key, value, (a, b) -> a + "," + b);
                }
                case 5, 6 -> {
                    store.delete(bytes(key));
                    model.remove(key);
                }
                default -> {
                    String to = "k" + random.nextInt(60);
                    if (random.nextInt(4) == 0 && key.compareTo(to) < 0) {
                        store.deleteRange(bytes(key), bytes(to));
                        model.subMap(key, to).clear();
                    }
                }
            }
        }
    }

    /** @return the key that the iterator is to be on */
    private static String move(StoreIterator iterator, TreeMap<String, String> state, String place, Random random) {
        String target = "k" + random.nextInt(70);
        switch (random.nextInt(place == null ? 4 : 10)) {
            case 0 -> {
                iterator.seekToFirst();
                return state.isEmpty() ? null : state.firstKey();
            }
            case 1 -> {
                iterator.seekToLast();
                return state.isEmpty() ? null : state.lastKey();
            }
            case 2 -> {
                iterator.seek(bytes(target));
                return state.ceilingKey(target);
            }
            case 3 -> {
                iterator.seekForPrev(bytes(target));
                return state.floorKey(target);
            }
            case 4, 5, 6 -> {
                iterator.next();
                return state.higherKey(place);
            }
            case 7, 8 -> {
                iterator.prev();
                return state.lowerKey(place);
            }
            default -> {
                return place;
            }
        }
    }

    private static void check(
            StoreIterator iterator, TreeMap<String, String> state, String place, Random random, String where) {
        assertThat(iterator.isValid()).as(where).isEqualTo(place != null);
        if (place == null) {
            return;
        }
        assertThat(new String(iterator.key(), UTF_8)).as(where).isEqualTo(place);
        if (random.nextBoolean()) {
            ValueBuffer buffer = new ValueBuffer();
            iterator.value(buffer);
            assertThat(new String(buffer.toByteArray(), UTF_8)).as(where).isEqualTo(state.get(place));
        } else {
            assertThat(new String(iterator.value(), UTF_8)).as(where).isEqualTo(state.get(place));
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    /**
     * Everything that a reader can forget: a thousand iterators, snapshots, checkpoints, streams over snapshots. On disk, because
     * each snapshot keeps a state of its own: 10 GiB take 51 GB there.
     */
    @Test
    void noWriterFailsWhateverIsLeftOpen(@TempDir File directory) {
        HeapSlabs slabs = new HeapSlabs();
        int budget = 8 * MIB;
        long writtenMib = Effort.of("idle.mib", 64, 10_240);
        Random random = new Random(1);
        List<AutoCloseable> forgotten = new ArrayList<>();
        try (Environment environment =
                Environment.builder().memoryBytes(budget).allocator(slabs).build()) {
            Store store = environment.open(FileStores.local(directory), StoreOptions.defaults());
            byte[] value = new byte[1000];
            long rows = writtenMib * 1000;
            long between = rows / 1000;
            for (long row = 0; row < rows; row++) {
                random.nextBytes(value);
                store.put(key(random.nextInt(20_000)), value);
                if (row % between == 0) {
                    StoreIterator iterator = store.iterator(KeyRange.all());
                    iterator.seek(key(random.nextInt(20_000)));
                    forgotten.add(iterator);
                    Snapshot snapshot = store.snapshot();
                    forgotten.add(snapshot);
                    if (row % (between * 50) == 0) {
                        forgotten.add(store.checkpoint(new byte[0]));
                        StoreIterator stream = snapshot.iterator(KeyRange.all());
                        for (stream.seekToFirst(); stream.isValid() && random.nextInt(500) > 0; stream.next()) {
                            stream.value();
                        }
                        forgotten.add(stream);
                    }
                }
            }
            assertThat(slabs.peak()).isLessThanOrEqualTo(budget);
            assertThat(store.statistics().openIterators()).isGreaterThanOrEqualTo(1000);
            assertThat(store.statistics().oldestIterator())
                    .contains("thread " + Thread.currentThread().getName());
            store.flush();
            assertThat(environment.statistics().memtableBytes()).isLessThan(MIB);
        }
    }

    /** In the smallest slots of Flink: a second stream over keys that nobody closes. */
    @Test
    void aSecondIdleStreamInASmallSlot() {
        for (int mib : new int[] {2, 8, 16, 32}) {
            HeapSlabs slabs = new HeapSlabs();
            try (Environment environment = Environment.builder()
                    .memoryBytes((long) mib * MIB)
                    .allocator(slabs)
                    .build()) {
                Store store = environment.open(FileStores.inMemory(), StoreOptions.defaults());
                List<StoreIterator> streams = new ArrayList<>();
                for (int stream = 0; stream < 3; stream++) {
                    for (int i = 0; i < mib * 2000; i++) {
                        store.put(key(stream * 10_000_000 + i), new byte[200]);
                    }
                    StoreIterator keys = store.iterator(KeyRange.all());
                    keys.seekToFirst();
                    keys.next();
                    streams.add(keys);
                }
                for (int i = 0; i < mib * 8000; i++) {
                    store.put(key(40_000_000 + i), new byte[200]);
                }
                for (StoreIterator keys : streams) {
                    keys.next();
                    assertThat(keys.key()).isEqualTo(key(2));
                }
                assertThat(slabs.peak()).isLessThanOrEqualTo((long) mib * MIB);
            }
        }
    }

    /** With real threads: readers walk on while flushes take what they hold; freed memory is poisoned. */
    @Test
    void iteratorsGoOnWhileTheirMemtablesAreTaken() throws Exception {
        PoisonSlabs slabs = new PoisonSlabs();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        AtomicBoolean stop = new AtomicBoolean();
        long generations = Effort.of("idle.generations", 150, 15_000);
        long taken;
        try (Environment environment =
                Environment.builder().memoryBytes(2 * MIB).allocator(slabs).build()) {
            Store store = environment.open(
                    FileStores.inMemory(),
                    StoreOptions.builder().memtableBytes(256 << 10).build());
            writeAll(store, 0);
            List<Thread> readers = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                boolean forward = i != 1;
                Thread reader = new Thread(() -> {
                    try {
                        while (!stop.get()) {
                            scan(store, forward);
                        }
                    } catch (Throwable e) {
                        failure.compareAndSet(null, e);
                    }
                });
                reader.start();
                readers.add(reader);
            }
            try {
                for (int generation = 1; generation <= generations && failure.get() == null; generation++) {
                    writeAll(store, generation);
                }
            } finally {
                stop.set(true);
                for (Thread reader : readers) {
                    reader.join();
                }
            }
            taken = store.statistics().idleIteratorsEmptied();
        }
        assertThat(failure.get()).isNull();
        assertThat(slabs.outstanding()).isZero();
        Figures figures = new Figures("IdleIteratorsTest.iteratorsGoOnWhileTheirMemtablesAreTaken");
        figures.add("taken", taken);
        figures.write();
    }

    private static void writeAll(Store store, int generation) {
        WriteBatch batch = new WriteBatch();
        for (int i = 0; i < 300; i++) {
            batch.put(key(i), value(i, generation));
        }
        store.write(batch);
    }

    private static byte[] value(int i, int generation) {
        return (i + ":" + generation + ":" + "x".repeat(200)).getBytes(UTF_8);
    }

    /** All rows are there, and of one generation. */
    private static void scan(Store store, boolean forward) {
        ValueBuffer buffer = new ValueBuffer();
        try (StoreIterator iterator = store.iterator(KeyRange.all())) {
            String generation = null;
            int rows = 0;
            if (forward) {
                iterator.seekToFirst();
            } else {
                iterator.seekToLast();
            }
            while (iterator.isValid()) {
                int expected = forward ? rows : 299 - rows;
                assertThat(iterator.key()).isEqualTo(key(expected));
                iterator.value(buffer);
                String[] parts = new String(buffer.toByteArray(), UTF_8).split(":");
                assertThat(parts[0]).isEqualTo(Integer.toString(expected));
                assertThat(parts[2]).hasSize(200);
                if (generation != null) {
                    assertThat(parts[1]).isEqualTo(generation);
                }
                generation = parts[1];
                rows++;
                if (forward) {
                    iterator.next();
                } else {
                    iterator.prev();
                }
            }
            assertThat(rows).isEqualTo(300);
        }
    }

    /** What is left open when its store is closed keeps no memtable either. */
    @Test
    void aCloseTakesWhatIsLeftOpen() {
        for (boolean discard : new boolean[] {false, true}) {
            HeapSlabs slabs = new HeapSlabs();
            try (Environment environment =
                    Environment.builder().memoryBytes(4 * MIB).allocator(slabs).build()) {
                Store store = environment.open(new CrashFileStore(), StoreOptions.defaults());
                store.put(key(1), key(1));
                StoreIterator iterator = store.iterator(KeyRange.all());
                iterator.seekToFirst();
                if (discard) {
                    store.discard();
                } else {
                    store.close();
                }
                assertThat(environment.statistics().memtableBytes()).isZero();
                assertThatThrownBy(iterator::next).isInstanceOf(StoreClosedException.class);
                iterator.close();
            }
            assertThat(slabs.outstanding()).isZero();
        }
    }

    /** Used from within one of its own calls, it says so; nothing is freed under the call. */
    @Test
    void notFromTheMergeFunctionOfItsOwnCall() {
        StoreIterator[] iterator = new StoreIterator[1];
        List<Throwable> told = new ArrayList<>();
        MergeFunction merge = new MergeFunction() {
            @Override
            public String name() {
                return "calls back";
            }

            @Override
            public byte[] merge(byte[] key, List<byte[]> values) {
                for (Runnable call : iterator[0] == null
                        ? List.<Runnable>of()
                        : List.<Runnable>of(iterator[0]::seekToFirst, iterator[0]::close)) {
                    try {
                        call.run();
                    } catch (IllegalStateException e) {
                        told.add(e);
                    }
                }
                return values.get(values.size() - 1);
            }
        };
        try (SteppedEnvironment stepped = new SteppedEnvironment(4 * MIB)) {
            Store store =
                    stepped.open(new CrashFileStore(), StoreOptions.builder().mergeFunction(merge));
            store.put(key(1), key(1));
            Snapshot snapshot = store.snapshot();
            store.merge(key(1), key(2));
            snapshot.close();
            iterator[0] = store.iterator(KeyRange.all());
            iterator[0].seekToFirst();
            assertThat(told).hasSize(2).allSatisfy(e -> assertThat(e).hasMessageContaining("one thread at a time"));
            assertThat(iterator[0].value()).isEqualTo(key(2));
            iterator[0].close();
        }
    }

    @Test
    void manyOpenIteratorsLeaveStatisticsAlone() {
        try (SteppedEnvironment stepped = new SteppedEnvironment(4 * MIB)) {
            Store store = stepped.open(new CrashFileStore());
            store.put(key(1), key(1));
            assertThat(store.statistics().oldestIterator()).isNull();
            List<StoreIterator> open = new ArrayList<>();
            Snapshot snapshot = store.snapshot();
            for (int i = 0; i < 2_500; i++) {
                open.add(i % 2 == 0 ? store.iterator(KeyRange.all()) : snapshot.iterator(KeyRange.all()));
                stepped.clock.advance(1_000_000);
            }
            assertThat(store.statistics().openIterators()).isEqualTo(2_500);
            assertThat(store.statistics().oldestIteratorMillis()).isEqualTo(2_500);
            open.remove(0).close();
            assertThat(store.statistics().oldestIteratorMillis()).isEqualTo(2_499);
            open.forEach(StoreIterator::close);
            assertThat(store.statistics().oldestIteratorMillis()).isZero();
        }
    }
}
