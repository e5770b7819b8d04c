package io.forebay.store.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Checkpoint;
import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.Snapshot;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreLockedException;
import io.forebay.store.StoreOptions;
import io.forebay.store.ValueBuffer;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.ChildJvm;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.Halt;
import io.forebay.store.testing.SteppedEnvironment;
import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Everything that can go wrong is answered with the exception that the API names, and with a message that helps. */
class ErrorsTest {
    private static final byte[] A = {'a'};
    private static final byte[] NONE = {};
    private final CrashFileStore files = new CrashFileStore();

    @Test
    void nothingWorksAfterClose() {
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(files);
            store.put(A, A);
            StoreIterator iterator = store.iterator(KeyRange.all());
            iterator.seekToFirst();
            Snapshot snapshot = store.snapshot();
            Checkpoint checkpoint = store.checkpoint(NONE);
            SortedIngest ingest = store.ingest();
            store.close();
            store.close();
            List<ThrowingCallable> calls = List.of(
                    () -> store.put(A, A),
                    () -> store.delete(A),
                    () -> store.deleteRange(A, null),
                    () -> store.write(new WriteBatch().put(A, A)),
                    () -> store.commit(NONE),
                    () -> store.commitDurably(NONE),
                    () -> store.get(A),
                    () -> store.multiGet(List.of(A)),
                    () -> store.iterator(KeyRange.all()),
                    store::snapshot,
                    () -> store.checkpoint(NONE),
                    store::ingest,
                    store::flush,
                    store::compact,
                    store::statistics,
                    store::encryptionKeyIds,
                    iterator::isValid,
                    iterator::next,
                    iterator::key,
                    iterator::value,
                    iterator::seekToFirst,
                    () -> snapshot.get(A),
                    () -> snapshot.iterator(KeyRange.all()),
                    checkpoint::files,
                    checkpoint::metadata,
                    () -> ingest.add(A, A),
                    ingest::finish);
            for (int i = 0; i < calls.size(); i++) {
                assertThatThrownBy(calls.get(i)).as("call " + i).isInstanceOf(StoreClosedException.class);
            }
            assertThat(checkpoint.completion()).isCompletedExceptionally();
            iterator.close();
            snapshot.close();
            checkpoint.close();
            ingest.close();
        }
        assertThat(files.openReaders()).isZero();
    }

    @Test
    void theEnvironmentClosesItsStores() {
        SteppedEnvironment stepped = new SteppedEnvironment();
        Store store = stepped.open(files);
        store.put(A, A);
        store.commit(NONE);
        stepped.close();
        assertThatThrownBy(() -> store.get(A)).isInstanceOf(StoreClosedException.class);
        assertThatThrownBy(() -> stepped.open(files)).isInstanceOf(StoreClosedException.class);
        assertThat(stepped.slabs.outstanding()).isZero();
        try (SteppedEnvironment again = new SteppedEnvironment()) {
            assertThat(again.open(files).get(A)).isEqualTo(A);
        }
    }

    @Test
    void aDirectoryHasOneStoreAtATime(@TempDir File directory) {
        try (Environment environment = Environment.builder().build();
                Environment other = Environment.builder().build()) {
            Store store = environment.open(FileStores.local(directory), StoreOptions.defaults());
            assertThatThrownBy(() -> other.open(FileStores.local(directory), StoreOptions.defaults()))
                    .isInstanceOf(StoreLockedException.class)
                    .hasMessageContaining(directory.getName());
            store.close();
            other.open(FileStores.local(directory), StoreOptions.defaults()).close();
        }
    }

    @Test
    void aDirectoryHasOneStoreInAllProcesses(@TempDir Path directory) throws Exception {
        try (ChildJvm child = ChildJvm.start(HoldsStore.class, directory.toString())) {
            assertThat(child.readLine()).isEqualTo("open");
            try (Environment environment = Environment.builder().build()) {
                FileStore place = FileStores.local(directory.toFile());
                assertThatThrownBy(() -> environment.open(place, StoreOptions.defaults()))
                        .isInstanceOf(StoreLockedException.class)
                        .hasMessageContaining(Long.toString(child.pid()));
                child.kill();
                environment.open(place, StoreOptions.defaults()).close();
            }
        }
    }

    static final class HoldsStore {
        private HoldsStore() {}

        public static void main(String[] args) throws Exception {
            Environment.builder().build().open(FileStores.local(new File(args[0])), StoreOptions.defaults());
            System.out.println("open");
            new CountDownLatch(1).await();
        }
    }

    @Test
    void aFailureInTheBackgroundMakesTheStoreReadOnly() {
        SteppedEnvironment stepped = new SteppedEnvironment();
        Store store = stepped.open(files);
        store.put(A, A);
        store.commitDurably(A);
        store.put(new byte[] {'b'}, A);
        Checkpoint checkpoint = store.checkpoint(NONE);
        files.failAfter(2);
        store.commit(NONE);
        assertThatThrownBy(() -> store.commitDurably(new byte[] {1}))
                .isInstanceOf(ReadOnlyStoreException.class)
                .hasMessageContaining("injected failure");
        List<ThrowingCallable> calls = List.of(
                () -> store.put(A, A),
                () -> store.delete(A),
                () -> store.commit(A),
                store::flush,
                store::ingest,
                store::compact,
                () -> store.checkpoint(NONE));
        for (int i = 0; i < calls.size(); i++) {
            assertThatThrownBy(calls.get(i))
                    .as("call " + i)
                    .isInstanceOf(ReadOnlyStoreException.class)
                    .hasMessageContaining("injected failure")
                    .hasMessageContaining("open it again");
        }
        assertThat(checkpoint.completion()).isCompletedExceptionally();
        assertThat(store.get(A)).isEqualTo(A);
        assertThat(store.get(new byte[] {'b'})).isEqualTo(A);
        try (StoreIterator iterator = store.iterator(KeyRange.all())) {
            iterator.seekToLast();
            assertThat(iterator.key()).isEqualTo(new byte[] {'b'});
        }
        // a close that cannot keep its promise says so, and lets everything go
        assertThatThrownBy(store::close).isInstanceOf(ReadOnlyStoreException.class);
        stepped.close();
        assertThat(stepped.slabs.outstanding()).isZero();
        files.heal();
        try (SteppedEnvironment again = new SteppedEnvironment()) {
            Store reopened = again.open(files);
            assertThat(reopened.durablePayload()).isEqualTo(A);
            assertThat(reopened.get(A)).isEqualTo(A);
            assertThat(reopened.get(new byte[] {'b'})).isNull();
        }
    }

    @Test
    void twoWritersAreNoticed() throws Exception {
        Halt merge = new Halt();
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(files, StoreOptions.builder().mergeFunction(merge.atMerges()));
            Thread writer = new Thread(() -> {
                store.put(A, A);
                for (int i = 0; i < 100; i++) {
                    store.merge(A, A);
                }
            });
            writer.start();
            try {
                assertThat(merge.reached.await(5, TimeUnit.MINUTES)).isTrue();
                assertThatThrownBy(() -> store.put(A, A))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("one writer");
                assertThatThrownBy(() -> store.commit(NONE)).isInstanceOf(IllegalStateException.class);
            } finally {
                merge.release.countDown();
                writer.join();
            }
            store.put(A, A);
        }
    }

    @Test
    void theMergeFunctionKeepsItsName() {
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(files, StoreOptions.builder().mergeFunction(MergeFunction.append((byte) ',')));
            store.merge(A, A);
            store.commitDurably(NONE);
            store.close();
            assertThatThrownBy(() ->
                            stepped.open(files, StoreOptions.builder().mergeFunction(MergeFunction.append((byte) ';'))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("append-44")
                    .hasMessageContaining("append-59");
            assertThatThrownBy(() -> stepped.open(files))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("append-44");
            // refused opens let go of the directory
            stepped.open(files, StoreOptions.builder().mergeFunction(MergeFunction.append((byte) ',')));
        }
    }

    @Test
    void badArgumentsAreRefusedAndChangeNothing() {
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(files);
            assertThatThrownBy(() -> store.merge(A, A))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("merge function");
            assertThatThrownBy(() -> store.write(new WriteBatch().put(A, A).merge(A, A)))
                    .isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> store.put(null, A)).isInstanceOf(NullPointerException.class);
            assertThatThrownBy(() -> store.put(A, null)).isInstanceOf(NullPointerException.class);
            assertThatThrownBy(() -> store.deleteRange(null, A)).isInstanceOf(NullPointerException.class);
            assertThatThrownBy(() -> store.commit(null)).isInstanceOf(NullPointerException.class);
            assertThatThrownBy(() -> store.put(A, 0, 2, A, 0, 1)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> store.put(A, 0, 1, A, 1, 1)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> store.get(A, -1, 1, new ValueBuffer()))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> store.iterator(null)).isInstanceOf(NullPointerException.class);
            byte[] longKey = new byte[Store.MAX_KEY_BYTES + 1];
            assertThatThrownBy(() -> store.put(longKey, A))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("16777216");
            assertThatThrownBy(() -> store.write(new WriteBatch().put(A, A).delete(longKey)))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThat(store.statistics().writes()).isZero();
            store.put(A, A);
        }
    }

    @Test
    void anIngestKeepsOtherWritesOut() {
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(files);
            try (SortedIngest ingest = store.ingest()) {
                assertThatThrownBy(() -> store.put(A, A))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("ingest");
                assertThatThrownBy(store::ingest).isInstanceOf(IllegalStateException.class);
                ingest.add(new byte[] {'b'}, A);
                assertThatThrownBy(() -> ingest.add(new byte[] {'b'}, A))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("62");
                assertThatThrownBy(() -> ingest.add(A, A))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("61")
                        .hasMessageContaining("62");
            }
            store.put(A, A);
            assertThat(store.get(new byte[] {'b'})).isNull();
        }
    }

    @Test
    void aMergeFunctionThatThrowsFailsTheRead() {
        MergeFunction throwsAlways = new MergeFunction() {
            @Override
            public String name() {
                return "throws";
            }

            @Override
            public byte[] merge(byte[] key, List<byte[]> values) {
                throw new ArithmeticException("no");
            }
        };
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(files, StoreOptions.builder().mergeFunction(throwsAlways));
            try (Snapshot pin = store.snapshot()) {
                store.merge(A, A);
                Snapshot second = store.snapshot();
                store.merge(A, A);
                assertThatThrownBy(() -> store.get(A))
                        .isInstanceOf(StoreException.class)
                        .hasCauseInstanceOf(ArithmeticException.class);
                second.close();
                assertThat(pin.get(A)).isNull();
            }
            store.flush();
            store.compact();
            assertThatThrownBy(() -> store.get(A))
                    .isInstanceOf(StoreException.class)
                    .hasCauseInstanceOf(ArithmeticException.class);
        }
    }
}
