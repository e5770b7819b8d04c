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
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.Effort;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.SteppedEnvironment;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
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

    /**
     * Everything that a reader can forget: a thousand iterators, snapshots, checkpoints, streams over snapshots. On disk, because
     * each snapshot keeps a state of its own: 10 GiB take 51 GB there.
     */
    @Test
    @Timeout(3600)
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
            // Behind what the caller waits for, the flush takes the memtables away from iterators.
            while (environment.statistics().memtableBytes() >= MIB) {
                Thread.onSpinWait();
            }
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
