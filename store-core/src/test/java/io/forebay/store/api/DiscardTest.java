package io.forebay.store.api;

import static io.forebay.store.testing.TestThreads.start;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Checkpoint;
import io.forebay.store.CompactionFilter;
import io.forebay.store.Durability;
import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.Store;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreOptions;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.Halt;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.SteppedEnvironment;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A store that is discarded: what it was doing is given up, what was durable stays. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DiscardTest {
    private static final int ROWS = 20_000;

    private static byte[] key(int i) {
        return String.format("key %08d", i).getBytes(UTF_8);
    }

    private static void fill(Store store, int rows) {
        for (int i = 0; i < rows; i++) {
            store.put(key(i), new byte[200]);
        }
    }

    /** The discard comes while the flush writes its first block: no more than what the block's buffer takes is written. */
    @Test
    void aFlushUnderWayIsGivenUp() throws Exception {
        HeapSlabs slabs = new HeapSlabs();
        CrashFileStore disk = new CrashFileStore();
        Halt write = new Halt();
        FileStore files = write.atSstWrites(disk);
        try (Environment environment =
                Environment.builder().memoryBytes(64 << 20).allocator(slabs).build()) {
            Store store = environment.open(files, StoreOptions.defaults());
            store.put(key(0), new byte[1]);
            write.release.countDown();
            store.commitDurably(new byte[] {1});
            Store again = discardInAFlush(environment, store, disk);
            assertThat(again.durablePayload()).containsExactly(1);
            assertThat(again.get(key(0))).hasSize(1);
            assertThat(again.get(key(1))).isNull();
            again.close();
        }
        assertThat(slabs.outstanding()).isZero();
    }

    private static Store discardInAFlush(Environment environment, Store first, FileStore disk) throws Exception {
        first.close();
        Halt write = new Halt();
        FileStore files = write.atSstWrites(disk);
        Store store = environment.open(files, StoreOptions.defaults());
        fill(store, ROWS);
        store.commit(new byte[] {2});
        Checkpoint checkpoint = store.checkpoint(new byte[0]);
        write.reached.await();
        CompletableFuture<Void> discard = CompletableFuture.runAsync(store::discard);
        // it has begun when nobody can write any more
        while (isWritable(store)) {
            Thread.onSpinWait();
        }
        write.release.countDown();
        discard.get();
        assertThat(write.passes()).as("writes to SSTs, of more than 50").isLessThan(10);
        assertThatThrownBy(() -> checkpoint.completion().get())
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(StoreClosedException.class);
        return environment.open(disk, StoreOptions.defaults());
    }

    private static boolean isWritable(Store store) {
        try {
            store.put(key(ROWS), new byte[1]);
            return true;
        } catch (StoreClosedException e) {
            return false;
        }
    }

    /** Of all that waits for a flush, nothing goes on waiting. */
    @Test
    void whoWaitsIsToldSo() throws Exception {
        discardBesideAWriter(store -> fill(store, 1_000_000));
    }

    /** A batch that is larger than all memory waits inside of the gate. */
    @Test
    void aLargeBatchIsCutOff() throws Exception {
        WriteBatch batch = new WriteBatch();
        for (int i = 0; i < ROWS; i++) {
            batch.put(key(i), new byte[200]);
        }
        discardBesideAWriter(store -> store.write(batch));
    }

    /** @param write waits for a flush, because it needs more memory than there is */
    private static void discardBesideAWriter(Consumer<Store> write) throws Exception {
        Halt sstWrite = new Halt();
        try (Environment environment = Environment.builder()
                .memoryBytes(1 << 20)
                .allocator(new HeapSlabs())
                .build()) {
            Store store = environment.open(sstWrite.atSstWrites(new CrashFileStore()), StoreOptions.defaults());
            AtomicReference<Throwable> writer = new AtomicReference<>();
            Thread writing = start(() -> write.accept(store), writer);
            sstWrite.reached.await();
            AtomicReference<Throwable> discarder = new AtomicReference<>();
            Thread discarding = start(store::discard, discarder);
            writing.join(); // it does not wait for the disk
            assertThat(writer.get()).isInstanceOf(StoreClosedException.class);
            sstWrite.release.countDown();
            discarding.join();
            assertThat(discarder.get()).isNull();
        }
    }

    /** A close that waits for its last flush is cut off by a discard, and says so. */
    @Test
    void aCloseUnderWayEndsSoon() throws Exception {
        CrashFileStore disk = new CrashFileStore();
        Halt write = new Halt();
        FileStore files = write.atSstWrites(disk);
        try (Environment environment = Environment.builder()
                .memoryBytes(64 << 20)
                .allocator(new HeapSlabs())
                .build()) {
            Store store = environment.open(files, StoreOptions.defaults());
            fill(store, ROWS);
            store.commit(new byte[] {1});
            AtomicReference<Throwable> closer = new AtomicReference<>();
            Thread closing = start(store::close, closer);
            write.reached.await();
            AtomicReference<Throwable> discarder = new AtomicReference<>();
            Thread discarding = start(store::discard, discarder);
            while (discarding.getState() != Thread.State.WAITING) {
                Thread.onSpinWait(); // it waits for the close, so the flush is told
            }
            write.release.countDown();
            closing.join();
            discarding.join();
            assertThat(discarder.get()).isNull();
            assertThat(closer.get())
                    .isInstanceOf(StoreClosedException.class)
                    .hasMessageContaining("was discarded while it was being closed");
            assertThat(write.passes()).as("writes to SSTs").isLessThan(10);
            try (Store again = environment.open(disk, StoreOptions.defaults())) {
                assertThat(again.durablePayload()).isEmpty();
            }
        }
    }

    @Test
    void filesStayAndAnOpenCleansUp() {
        CrashFileStore disk = new CrashFileStore();
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(disk);
            store.put(key(1), key(1));
            store.commitDurably(new byte[] {1});
            store.put(key(2), key(2));
            store.commit(new byte[] {2});
            store.flush();
            store.put(key(3), key(3));
            store.commit(new byte[] {3});
            List<String> before = names(disk);
            store.discard();
            assertThat(names(disk)).isEqualTo(before);
            store.discard();
            store.close();
            assertThatThrownBy(() -> store.get(key(1))).isInstanceOf(StoreClosedException.class);
            assertThat(store.durablePayload()).containsExactly(2);
            try (Store again = stepped.open(disk)) {
                assertThat(again.durablePayload()).containsExactly(2);
                assertThat(again.get(key(2))).isEqualTo(key(2));
                assertThat(again.get(key(3))).isNull();
                again.discard();
            }
        }
    }

    private static List<String> names(CrashFileStore disk) {
        return disk.list().stream().sorted().toList();
    }

    /** With a log: what was acknowledged as synced is there, buffered writes may be gone. */
    @Test
    void aLogIsLeftAsItIs() {
        CrashFileStore disk = new CrashFileStore();
        StoreOptions.Builder options = StoreOptions.builder().durability(Durability.BUFFERED);
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(disk, options);
            store.put(key(1), key(1));
            store.sync();
            long syncs = store.statistics().walSyncs();
            store.put(key(2), key(2));
            store.discard();
            assertThat(syncs).isPositive();
            assertThatThrownBy(store::sync).isInstanceOf(StoreClosedException.class);
            try (Store again = stepped.open(disk, options)) {
                assertThat(again.get(key(1))).isEqualTo(key(1));
            }
        }
    }

    /** Code that a flush runs would wait for itself: it is told, and the store goes on. */
    @Test
    void notFromWithinBackgroundWork() throws Exception {
        Store[] store = new Store[1];
        AtomicReference<Throwable> told = new AtomicReference<>();
        CompactionFilter filter = (key, keyLength, value, valueLength) -> {
            try {
                store[0].discard();
            } catch (Throwable e) {
                told.set(e);
            }
            return false;
        };
        try (Environment environment =
                Environment.builder().allocator(new HeapSlabs()).build()) {
            store[0] = environment.open(
                    new CrashFileStore(),
                    StoreOptions.builder().compactionFilter(filter).build());
            store[0].put(key(1), key(1));
            store[0].flush();
            assertThat(told.get())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("was called by background work of store");
            assertThat(store[0].get(key(1))).isEqualTo(key(1));
        }
    }

    /** Nothing of the environment works for the store on return: its threads can be counted on a latch. */
    @Test
    void otherStoresOfTheEnvironmentGoOn() throws Exception {
        try (Environment environment =
                Environment.builder().allocator(new HeapSlabs()).build()) {
            Store one = environment.open(new CrashFileStore(), StoreOptions.defaults());
            Store other = environment.open(new CrashFileStore(), StoreOptions.defaults());
            fill(one, 100);
            fill(other, 100);
            Checkpoint checkpoint = other.checkpoint(new byte[0]);
            one.discard();
            checkpoint.completion().get(120, TimeUnit.SECONDS);
            assertThat(environment.statistics().openStores()).isEqualTo(1);
        }
    }
}
