package io.forebay.store.regression;

import static io.forebay.store.testing.TestThreads.await;
import static io.forebay.store.testing.TestThreads.start;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Checkpoint;
import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.SlabAllocator;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.Halt;
import io.forebay.store.testing.HeapSlabs;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A write failed for want of memory, and a large batch left its store read-only, while another store of the environment
 * was about to give its memory back: in its close or discard, in the middle of a write, or while it was being given
 * memory.
 */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WriteFailsThoughMemoryComesTest {
    private static final int MIB = 1 << 20;
    private static final int LARGE = 5_200_000;
    private static final int ROWS = 1_700;

    private final Halt halt = new Halt();
    private final AtomicReference<Throwable> neighbourFailed = new AtomicReference<>();
    private final AtomicReference<Throwable> writerFailed = new AtomicReference<>();

    private final FileStore held = halt.atSstWrites(new CrashFileStore());

    @Test
    void aNeighbourThatIsBeingClosed() throws Exception {
        beside(
                held,
                neighbour -> {
                    neighbour.commit(new byte[] {1});
                    neighbour.close();
                },
                WriteFailsThoughMemoryComesTest::putLarge);
    }

    /** A batch that is larger than a memtable waits inside the gate, and a failure there would end its store. */
    @Test
    void aBatchBesideANeighbourThatIsBeingClosed() throws Exception {
        beside(
                held,
                neighbour -> {
                    neighbour.commit(new byte[] {1});
                    neighbour.close();
                },
                store ->
                        store.write(new WriteBatch().put(key(0), new byte[1000]).put(key(1), new byte[LARGE])));
    }

    @Test
    void aNeighbourThatIsBeingDiscarded() throws Exception {
        beside(
                held,
                neighbour -> {
                    Checkpoint checkpoint = neighbour.checkpoint(new byte[0]);
                    await(halt.reached);
                    neighbour.discard();
                    checkpoint.close();
                },
                WriteFailsThoughMemoryComesTest::putLarge);
    }

    /** A merge function keeps the memory of its store for as long as it runs, and no longer. */
    @Test
    void aNeighbourInTheMiddleOfAWrite() throws Exception {
        beside(new CrashFileStore(), this::mergeSlowly, WriteFailsThoughMemoryComesTest::putLarge);
    }

    @Test
    void aBatchBesideANeighbourInTheMiddleOfAWrite() throws Exception {
        beside(
                new CrashFileStore(),
                this::mergeSlowly,
                store ->
                        store.write(new WriteBatch().put(key(0), new byte[1000]).put(key(1), new byte[LARGE])));
    }

    /** The pool counts the memory, and the memtable of the neighbour does not show it yet. */
    @Test
    void aNeighbourThatIsBeingGivenMemory() throws Exception {
        besideAReservation(WriteFailsThoughMemoryComesTest::putLarge);
    }

    @Test
    void aBatchBesideANeighbourThatIsBeingGivenMemory() throws Exception {
        besideAReservation(store -> store.write(new WriteBatch().put(key(1), new byte[LARGE])));
    }

    private void besideAReservation(Consumer<Store> write) throws Exception {
        HeapSlabs slabs = new HeapSlabs();
        SlabAllocator slow = new SlabAllocator() {
            @Override
            public ByteBuffer allocate(int bytes) {
                if (bytes > SlabAllocator.SLAB_BYTES && halt.reached.getCount() > 0) {
                    halt.here();
                }
                return slabs.allocate(bytes);
            }

            @Override
            public void release(ByteBuffer buffer) {
                slabs.release(buffer);
            }
        };
        try (Environment environment =
                Environment.builder().memoryBytes(8 * MIB).allocator(slow).build()) {
            Store neighbour = environment.open(new CrashFileStore(), StoreOptions.defaults());
            Store store = environment.open(new CrashFileStore(), StoreOptions.defaults());
            Thread other = start(() -> putLarge(neighbour), neighbourFailed);
            await(halt.reached);
            letGoWhileWaiting(start(() -> write.accept(store), writerFailed), other);
            assertThat(neighbour.get(key(1))).hasSize(LARGE);
            assertThat(store.get(key(1))).hasSize(LARGE);
        }
        assertThat(slabs.outstanding()).isZero();
    }

    private void mergeSlowly(Store neighbour) {
        neighbour.put(key(ROWS), new byte[3]);
        neighbour.merge(key(ROWS), new byte[3]);
    }

    /** Each waits inside its gate, and has nothing to give to the other one but what it has been made to flush. */
    @Test
    void twoLargeBatchesBesideEachOther() throws Exception {
        try (Environment environment = Environment.builder()
                .memoryBytes(2 * MIB)
                .allocator(new HeapSlabs())
                .build()) {
            Store one = environment.open(new CrashFileStore(), StoreOptions.defaults());
            Store two = environment.open(new CrashFileStore(), StoreOptions.defaults());
            Thread other = start(() -> writeBatches(two), neighbourFailed);
            writeBatches(one);
            other.join();
            assertThat(neighbourFailed.get()).isNull();
            assertThat(one.get(key(19))).hasSize(100_000);
            assertThat(two.get(key(19))).hasSize(100_000);
        }
    }

    private static void writeBatches(Store store) {
        for (int round = 0; round < 20; round++) {
            WriteBatch batch = new WriteBatch();
            for (int i = 0; i < 20; i++) {
                batch.put(key(i), new byte[100_000]);
            }
            store.write(batch);
        }
    }

    /** @param occupied what the neighbour does until it is let go */
    private void beside(FileStore files, Consumer<Store> occupied, Consumer<Store> write) throws Exception {
        HeapSlabs slabs = new HeapSlabs();
        try (Environment environment =
                Environment.builder().memoryBytes(8 * MIB).allocator(slabs).build()) {
            Store neighbour = environment.open(
                    files,
                    StoreOptions.builder()
                            .name("neighbour")
                            .mergeFunction(halt.atMerges())
                            .build());
            Store store = environment.open(new CrashFileStore(), StoreOptions.defaults());
            for (int i = 0; i < ROWS; i++) {
                neighbour.put(key(i), new byte[1000]);
            }
            assertThat(neighbour.statistics().immutableMemtables()).isZero();
            Thread other = start(() -> occupied.accept(neighbour), neighbourFailed);
            await(halt.reached);
            letGoWhileWaiting(start(() -> write.accept(store), writerFailed), other);
            store.put(key(2), key(2));
            assertThat(store.get(key(1))).hasSize(LARGE);
        }
        assertThat(slabs.outstanding()).isZero();
    }

    private void letGoWhileWaiting(Thread writer, Thread other) throws InterruptedException {
        // It either fails at once or waits for the memory, sooner or later.
        while (writer.isAlive() && writer.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        halt.release.countDown();
        writer.join();
        other.join();
        assertThat(writerFailed.get()).isNull();
        assertThat(neighbourFailed.get()).isNull();
    }

    private static void putLarge(Store store) {
        store.put(key(1), new byte[LARGE]);
    }

    private static byte[] key(int i) {
        return String.format("key %08d", i).getBytes(UTF_8);
    }
}
