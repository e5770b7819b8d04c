package io.forebay.kafka;

import static io.forebay.kafka.StoreFlavour.bytes;
import static io.forebay.kafka.TestContexts.logged;
import static io.forebay.kafka.TestContexts.open;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.forebay.store.CorruptionException;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.errors.ProcessorStateException;
import org.apache.kafka.streams.errors.TaskCorruptedException;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.state.KeyValueStore;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged files: found, named, and healed by Kafka's restore where there is a topic to restore from. */
class DamageTest {
    private static final TopicPartition P0 = new TopicPartition("topic", 0);
    private static final TopicPartition P1 = new TopicPartition("topic", 1);
    private static final int ROWS = 2000;

    @TempDir
    File dir;

    private static KeyValueStore<Bytes, byte[]> create() {
        return ForebayStores.persistentKeyValueStore("s").get();
    }

    private void writeRows() {
        KeyValueStore<Bytes, byte[]> store = open(create(), logged(dir, "s"));
        for (int i = 0; i < ROWS; i++) {
            store.put(bytes("key-" + i), ("value-" + i).getBytes(UTF_8));
        }
        store.commit(Map.of(P0, 7L));
        store.close();
    }

    private static void readRows(KeyValueStore<Bytes, byte[]> store) {
        for (int i = 0; i < ROWS; i++) {
            assertThat(store.get(bytes("key-" + i))).isEqualTo(("value-" + i).getBytes(UTF_8));
        }
    }

    /** Flips a bit in all files of the store with such a name. */
    private void damage(String nameContains, long at) throws IOException {
        File[] files =
                new File(dir, "forebay/s").listFiles(file -> file.getName().contains(nameContains));
        assertThat(files).isNotEmpty();
        for (File file : files) {
            try (RandomAccessFile bytes = new RandomAccessFile(file, "rw")) {
                bytes.seek(at);
                int old = bytes.read();
                bytes.seek(at);
                bytes.write(old ^ 0x10);
            }
        }
    }

    private static void assertCorruptedTask(Throwable failure) {
        assertThat(failure)
                .isInstanceOfSatisfying(
                        TaskCorruptedException.class,
                        corrupted -> assertThat(corrupted.corruptedTasks()).isEqualTo(Set.of(new TaskId(0, 0))))
                .hasRootCauseInstanceOf(CorruptionException.class);
    }

    @Test
    void aDamagedManifestMakesTheTaskCorruptedAndTheNextOpenStartsEmpty() throws IOException {
        writeRows();
        damage("MANIFEST", 20);
        KeyValueStore<Bytes, byte[]> store = create();
        assertCorruptedTask(catchThrowable(() -> open(store, logged(dir, "s"))));
        assertThat(store.isOpen()).isFalse();

        open(store, logged(dir, "s"));
        assertThat(store.committedOffset(P0)).isNull();
        assertThat(store.all().hasNext()).isFalse();
        store.close();
    }

    @Test
    void aDamagedBlockMakesTheTaskCorruptedAndTheNextOpenStartsEmpty() throws IOException {
        writeRows();
        damage(".sst", 100);
        KeyValueStore<Bytes, byte[]> store = open(create(), logged(dir, "s"));
        assertThat(store.committedOffset(P0)).isEqualTo(7);
        assertCorruptedTask(catchThrowable(() -> readRows(store)));

        assertThatThrownBy(() -> store.commit(Map.of(P0, 8L)))
                .as("no offset for rows that cannot be read")
                .isInstanceOf(TaskCorruptedException.class);
        store.commit(Map.of()); // what Kafka does with the stores of a corrupted task
        store.close();

        open(store, logged(dir, "s"));
        assertThat(store.committedOffset(P0)).isNull();
        assertThat(store.get(bytes("key-1"))).isNull();
        store.put(bytes("key-1"), new byte[] {1});
        store.commit(Map.of(P0, 9L));
        store.close();
        open(store, logged(dir, "s"));
        assertThat(store.committedOffset(P0)).isEqualTo(9);
        store.close();
    }

    @Test
    void anIteratorFindsDamageToo() throws IOException {
        writeRows();
        damage(".sst", 100);
        KeyValueStore<Bytes, byte[]> store = open(create(), logged(dir, "s"));
        assertCorruptedTask(catchThrowable(() -> store.all().forEachRemaining(row -> {})));
        store.close();
        assertThat(new File(dir, "forebay/s")).isEmptyDirectory();
    }

    @Test
    void aStoreWithoutChangelogKeepsItsDamagedFiles() throws IOException {
        writeRows();
        damage("MANIFEST", 20);
        for (int attempt = 0; attempt < 2; attempt++) {
            assertThatThrownBy(() -> open(create(), TestContexts.unlogged(dir, Map.of())))
                    .isExactlyInstanceOf(ProcessorStateException.class)
                    .hasMessageContaining("s")
                    .hasRootCauseInstanceOf(CorruptionException.class);
        }
        assertThat(new File(dir, "forebay/s")).isNotEmptyDirectory();
    }

    @Test
    void aGlobalStoreStartsEmptyAtOnceBecauseKafkaRestoresItFromItsTopic() throws IOException {
        writeRows();
        damage("MANIFEST", 20);
        KeyValueStore<Bytes, byte[]> store = create();
        store.init(TestContexts.global(dir), store);
        assertThat(store.committedOffset(P0)).isNull();
        assertThat(store.all().hasNext()).isFalse();
        store.close();
    }

    @Test
    void aGlobalStoreKeepsTheOffsetsOfAllItsPartitions() {
        KeyValueStore<Bytes, byte[]> store = create();
        store.init(TestContexts.global(dir), store);
        store.put(bytes("a"), new byte[] {1});
        store.commit(Map.of(P0, 5L, P1, 6L));
        store.commit(Map.of(P0, 7L, P1, 6L));
        store.close();
        store.init(TestContexts.global(dir), store);
        assertThat(store.committedOffset(P0)).isEqualTo(7);
        assertThat(store.committedOffset(P1)).isEqualTo(6);
        store.close();
    }

    /** What a thread that is not the task's gets. */
    private static Throwable query(ThrowingCallable query) throws InterruptedException {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread thread = new Thread(() -> failure.set(catchThrowable(query)));
        thread.start();
        thread.join();
        return failure.get();
    }

    private KeyValueStore<Bytes, byte[]> damagedStore() throws IOException {
        writeRows();
        damage(".sst", 100);
        return open(create(), logged(dir, "s"));
    }

    private static void assertRefusedQuery(Throwable failure) {
        assertThat(failure)
                .isExactlyInstanceOf(InvalidStateStoreException.class)
                .hasMessageContaining("store s")
                .hasRootCauseInstanceOf(CorruptionException.class);
    }

    @Test
    void aQueryThatFindsDamageIsRefusedAndTheTaskHearsOfItAtItsNextPut() throws Exception {
        KeyValueStore<Bytes, byte[]> store = damagedStore();
        assertRefusedQuery(query(() -> readRows(store)));
        assertRefusedQuery(query(() -> store.all().forEachRemaining(row -> {})));
        assertCorruptedTask(catchThrowable(() -> store.put(bytes("new"), new byte[] {1})));
        store.commit(Map.of());
        store.close();
        assertThat(new File(dir, "forebay/s")).isEmptyDirectory();
    }

    @Test
    void theTaskHearsOfItAtItsNextGetAlsoOfARowThatIsWhole() throws Exception {
        KeyValueStore<Bytes, byte[]> store = damagedStore();
        store.put(bytes("new"), new byte[] {1});
        assertRefusedQuery(query(() -> readRows(store)));
        assertThat(query(() -> assertThat(store.get(bytes("new"))).containsExactly(1)))
                .as("what is whole can be queried")
                .isNull();
        assertCorruptedTask(catchThrowable(() -> store.get(bytes("new"))));
        assertCorruptedTask(catchThrowable(store::all));
        store.close();
    }

    @Test
    void theTaskHearsOfItAtItsNextCommit() throws Exception {
        KeyValueStore<Bytes, byte[]> store = damagedStore();
        assertRefusedQuery(query(() -> readRows(store)));
        assertCorruptedTask(catchThrowable(() -> store.commit(Map.of(P0, 8L))));
        store.close();
    }

    /** A task restores on another thread than the one that opened its stores, and goes on processing on the first. */
    @Test
    void bothThreadsOfATaskHearOfIt() throws Exception {
        KeyValueStore<Bytes, byte[]> store = damagedStore();
        assertThat(query(() -> store.commit(Map.of(P0, 8L))))
                .as("the thread that restores")
                .isNull();
        AtomicReference<Throwable> restorer = new AtomicReference<>();
        Thread updater = new Thread(() -> {
            store.commit(Map.of(P0, 9L));
            restorer.set(catchThrowable(() -> readRows(store)));
        });
        updater.start();
        updater.join();
        assertCorruptedTask(restorer.get());
        assertCorruptedTask(catchThrowable(() -> store.get(bytes("key-1"))));
        store.close();
    }

    @Test
    void aQueryOfAStoreWithoutChangelogIsRefusedAsWell() throws Exception {
        writeRows();
        damage(".sst", 100);
        KeyValueStore<Bytes, byte[]> store = open(create(), TestContexts.unlogged(dir, Map.of()));
        assertRefusedQuery(query(() -> readRows(store)));
        assertStoreFailure(catchThrowable(() -> readRows(store)));
        store.close();
        assertThat(new File(dir, "forebay/s")).isNotEmptyDirectory();
    }

    private KeyValueStore<Bytes, byte[]> damagedGlobalStore() throws IOException {
        writeRows();
        damage(".sst", 100);
        KeyValueStore<Bytes, byte[]> store = create();
        store.init(TestContexts.global(dir), store);
        assertThat(store.committedOffset(P0)).isEqualTo(7);
        return store;
    }

    private static void assertStoreFailure(Throwable failure) {
        assertThat(failure)
                .isExactlyInstanceOf(ProcessorStateException.class)
                .hasMessageContaining("store s")
                .hasRootCauseInstanceOf(CorruptionException.class);
    }

    private void assertReopensEmpty(KeyValueStore<Bytes, byte[]> store) {
        assertThat(new File(dir, "forebay/s")).isEmptyDirectory();
        store.init(TestContexts.global(dir), store);
        assertThat(store.committedOffset(P0)).isNull();
        assertThat(store.all().hasNext()).isFalse();
        store.put(bytes("a"), new byte[] {1});
        store.commit(Map.of(P0, 8L));
        store.close();
        store.init(TestContexts.global(dir), store);
        assertThat(store.committedOffset(P0)).isEqualTo(8);
        store.close();
    }

    /** The thread dies of the first commit, commits once more, and closes the store only if that goes well. */
    @Test
    void theThreadOfGlobalStoresHearsOfDamageThatAQueryFindsAndThenClosesTheStore() throws Exception {
        KeyValueStore<Bytes, byte[]> store = damagedGlobalStore();
        assertThat(query(() -> readRows(store))).isExactlyInstanceOf(InvalidStateStoreException.class);
        assertStoreFailure(catchThrowable(() -> store.commit(Map.of(P0, 8L))));
        store.commit(Map.of(P0, 8L));
        store.close();
        assertReopensEmpty(store);
    }

    @Test
    void damageThatTheThreadOfGlobalStoresFindsItselfDoesNotFailItsLastCommit() throws IOException {
        KeyValueStore<Bytes, byte[]> store = damagedGlobalStore();
        assertStoreFailure(catchThrowable(() -> readRows(store)));
        store.commit(Map.of(P0, 8L));
        store.close();
        assertReopensEmpty(store);
    }
}
