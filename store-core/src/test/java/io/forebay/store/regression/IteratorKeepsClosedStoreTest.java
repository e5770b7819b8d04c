package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Checkpoint;
import io.forebay.store.Environment;
import io.forebay.store.EnvironmentStatistics;
import io.forebay.store.FileStore;
import io.forebay.store.KeyRange;
import io.forebay.store.ReadableFile;
import io.forebay.store.Snapshot;
import io.forebay.store.Store;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.Effort;
import io.forebay.store.testing.Figures;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.HandleCountingFileStore;
import io.forebay.store.testing.PoisonSlabs;
import io.forebay.store.testing.Seeds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * An iterator that was left open kept blocks, metadata and open files of its store after {@code close} and {@code
 * discard}, and a slab after the close of the environment, for good.
 */
@Timeout(600)
class IteratorKeepsClosedStoreTest {
    private static final int KEYS = 3000;
    private static final int MOVERS = 3;

    private final PoisonSlabs slabs = new PoisonSlabs();
    private final HandleCountingFileStore.Counts handles = new HandleCountingFileStore.Counts();

    private Environment environment() {
        return Environment.builder().memoryBytes(4 << 20).allocator(slabs).build();
    }

    private FileStore files() {
        return new HandleCountingFileStore(new MemoryFileStore(), handles);
    }

    private static byte[] key(int i) {
        return String.format("key %08d", i).getBytes(UTF_8);
    }

    private static byte[] value(byte[] key) {
        return new String(key, UTF_8).repeat(8).getBytes(UTF_8);
    }

    /** Two runs, and a memtable. */
    private static void fill(Store store) {
        for (int run = 0; run < 3; run++) {
            for (int i = run; i < KEYS; i += run + 1) {
                store.put(key(i), value(key(i)));
            }
            if (run < 2) {
                store.flush();
            }
        }
    }

    private void nothingIsHeld(Environment environment) {
        EnvironmentStatistics statistics = environment.statistics();
        assertThat(statistics.memtableBytes()).isZero();
        assertThat(statistics.metadataBytes()).isZero();
        assertThat(statistics.openTables()).isZero();
        assertThat(statistics.openFiles()).isZero();
        assertThat(handles.open()).isZero();
    }

    @Test
    void closeTakesItFromThem() {
        endTakesItFromThem(Store::close);
    }

    @Test
    void discardTakesItFromThem() {
        endTakesItFromThem(Store::discard);
    }

    private void endTakesItFromThem(Consumer<Store> end) {
        Environment environment = environment();
        Store store = environment.open(files(), StoreOptions.defaults());
        fill(store);
        StoreIterator first = store.iterator(KeyRange.all());
        first.seekToFirst();
        StoreIterator middle = store.iterator(KeyRange.all());
        middle.seek(key(KEYS / 2));
        Snapshot snapshot = store.snapshot();
        StoreIterator last = snapshot.iterator(KeyRange.all());
        last.seekToLast();
        Checkpoint checkpoint = store.checkpoint(key(1));
        end.accept(store);

        nothingIsHeld(environment);
        for (StoreIterator iterator : List.of(first, middle, last)) {
            assertThatThrownBy(iterator::isValid).isInstanceOf(StoreClosedException.class);
            assertThatThrownBy(iterator::next).isInstanceOf(StoreClosedException.class);
            assertThatThrownBy(iterator::value).isInstanceOf(StoreClosedException.class);
            assertThatThrownBy(iterator::keyArray).isInstanceOf(StoreClosedException.class);
        }
        assertThatThrownBy(() -> snapshot.get(key(1))).isInstanceOf(StoreClosedException.class);
        assertThatThrownBy(checkpoint::files).isInstanceOf(StoreClosedException.class);
        environment.close();
        assertThat(slabs.outstanding()).isZero();
        first.close();
        middle.close();
        last.close();
        snapshot.close();
        checkpoint.close();
        assertThat(environment.statistics().memoryUsed()).isZero();
        slabs.check();
    }

    /** Nobody needs to close it later for that. */
    @Test
    void manyStoresWithIteratorsLeftOpen() {
        List<StoreIterator> left = new ArrayList<>();
        try (Environment environment = environment()) {
            for (int i = 0; i < 50; i++) {
                Store store = environment.open(files(), StoreOptions.defaults());
                store.put(key(i), value(key(i)));
                store.flush();
                StoreIterator iterator = store.iterator(KeyRange.all());
                iterator.seekToFirst();
                left.add(iterator);
                store.discard();
            }
            nothingIsHeld(environment);
        }
        assertThat(slabs.outstanding()).isZero();
        assertThat(left).hasSize(50);
    }

    /** A read of a file cannot be cut off: whoever is in one lets go at the end of it, of what the environment has left. */
    @Test
    void whoIsInsideLetsGoAtTheEndOfTheCall() throws Exception {
        HeldReads files = new HeldReads(files());
        ExecutorService thread = Executors.newSingleThreadExecutor();
        Environment environment = environment();
        try {
            Store written = environment.open(files, StoreOptions.defaults());
            fill(written);
            written.compact(); // a merge later on would bring what is to be read into the cache
            written.commitDurably(new byte[0]);
            written.close(); // what was just written is in the cache, and would not be read
            Store store = environment.open(files, StoreOptions.defaults());
            store.put(key(0), value(key(0)));
            StoreIterator idle = store.iterator(KeyRange.all());
            idle.seek(key(KEYS / 3));
            StoreIterator iterator = store.iterator(KeyRange.all());
            iterator.seekToFirst();
            Future<?> seek = thread.submit(() -> {
                files.hold = Thread.currentThread();
                iterator.seek(key(KEYS / 2));
            });
            files.held.await();
            store.discard();
            assertThat(environment.statistics().openTables()).isZero();
            environment.close();
            files.go.countDown();
            seek.get(); // the block was all it needed
            nothingIsHeld(environment);
            assertThat(slabs.outstanding()).isZero();
            assertThatThrownBy(iterator::next).isInstanceOf(StoreClosedException.class);
            iterator.close();
            idle.close();
            assertThat(environment.statistics().memoryUsed()).isZero();
            slabs.check();
        } finally {
            files.go.countDown();
            thread.shutdown();
            environment.close();
        }
    }

    /** Reads of one thread are held up, from some moment on. The end of a store waits for those of its background jobs. */
    private static final class HeldReads extends ForwardingFileStore {
        final CountDownLatch held = new CountDownLatch(1);
        final CountDownLatch go = new CountDownLatch(1);
        volatile Thread hold;

        HeldReads(FileStore files) {
            super(files);
        }

        @Override
        public ReadableFile open(String name) throws IOException {
            return new Reader(super.open(name)) {
                @Override
                public void read(long position, ByteBuffer into) throws IOException {
                    if (Thread.currentThread() == hold) {
                        held.countDown();
                        try {
                            go.await();
                        } catch (InterruptedException e) {
                            throw new IOException(e);
                        }
                    }
                    super.read(position, into);
                }
            };
        }
    }

    /** Threads move iterators, and find what was written or that the store is closed, whatever way it ends meanwhile. */
    @Test
    void moversBesideTheEnd() {
        Figures figures = new Figures("IteratorKeepsClosedStoreTest.moversBesideTheEnd");
        AtomicLong moves = new AtomicLong();
        int ends = (int) Effort.of("openAtClose.ends", 60, 6_000);
        Seeds.run(IteratorKeepsClosedStoreTest.class, ends, seed -> {
            try {
                moves.addAndGet(endBesideMovers(seed));
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
        figures.add("ends", ends);
        figures.add("moves", moves.get());
        figures.write();
    }

    private long endBesideMovers(long seed) throws Exception {
        Random random = new Random(seed);
        Environment environment = environment();
        ExecutorService threads = Executors.newFixedThreadPool(MOVERS);
        AtomicLong moves = new AtomicLong();
        List<StoreIterator> all = new ArrayList<>();
        try {
            Store store = environment.open(files(), StoreOptions.defaults());
            fill(store);
            CountDownLatch underWay = new CountDownLatch(MOVERS * (1 + random.nextInt(200)));
            List<Future<?>> movers = new ArrayList<>();
            for (int i = 0; i < MOVERS; i++) {
                StoreIterator own = store.iterator(KeyRange.all());
                StoreIterator other = store.iterator(KeyRange.all());
                all.add(own);
                all.add(other);
                Random its = new Random(random.nextLong());
                movers.add(threads.submit(() -> moves.addAndGet(move(List.of(own, other), its, underWay))));
            }
            underWay.await();
            switch (random.nextInt(3)) {
                case 0 -> store.close();
                case 1 -> store.discard();
                default -> environment.close();
            }
            environment.close();
            for (Future<?> mover : movers) {
                mover.get(5, TimeUnit.MINUTES);
            }
            nothingIsHeld(environment);
            assertThat(slabs.outstanding()).isZero();
            all.forEach(StoreIterator::close);
            assertThat(environment.statistics().memoryUsed()).isZero();
            slabs.check();
        } finally {
            environment.close();
            threads.shutdown();
        }
        return moves.get();
    }

    /** Until the store is closed. @return how often */
    private static long move(List<StoreIterator> iterators, Random random, CountDownLatch underWay) {
        long moves = 0;
        try {
            while (true) {
                StoreIterator iterator = iterators.get(random.nextInt(iterators.size()));
                int at = random.nextInt(KEYS);
                iterator.seek(key(at));
                for (int steps = random.nextInt(100); steps >= 0; steps--) {
                    byte[] key = iterator.key();
                    assertThat(key).isEqualTo(key(at));
                    assertThat(iterator.value()).isEqualTo(value(key));
                    boolean forward = at == 0 || at < KEYS - 1 && random.nextInt(4) > 0;
                    at += forward ? 1 : -1;
                    if (forward) {
                        iterator.next();
                    } else {
                        iterator.prev();
                    }
                    moves++;
                }
                underWay.countDown();
            }
        } catch (StoreClosedException e) {
            return moves;
        } finally {
            while (underWay.getCount() > 0) { // one that fails keeps nobody waiting
                underWay.countDown();
            }
        }
    }
}
