package io.forebay.kafka.state;

import static io.forebay.kafka.TestContexts.logged;
import static io.forebay.kafka.TestContexts.open;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.forebay.kafka.StoreFlavour;
import io.forebay.kafka.TestContexts;
import io.forebay.kafka.offsets.CommitPayload;
import io.forebay.kafka.offsets.StoreKind;
import io.forebay.kafka.offsets.StoreLayout;
import io.forebay.kafka.offsets.ValueFormat;
import io.forebay.store.WriteBatch;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.errors.ProcessorStateException;
import org.apache.kafka.streams.processor.StateStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Stores that move between RocksDB, of which only the directories are here, and Forebay. With RocksDB itself: {@code
 * EngineMoveTest} of kafka-tests.
 */
class RocksDbTakeOverTest {
    private static final TopicPartition P0 = new TopicPartition("changelog", 0);
    private static final String RETIRED = ".forebay~retired";
    private static final TopicPartition P1 = new TopicPartition("changelog", 1);

    @TempDir
    File dir;

    /** A directory as RocksDB leaves it. */
    static Path database(File dir, String path) throws IOException {
        Path database = dir.toPath().resolve(path);
        Files.createDirectories(database);
        Files.writeString(database.resolve("CURRENT"), "MANIFEST-000005\n");
        Files.write(database.resolve("MANIFEST-000005"), new byte[100]);
        Files.write(database.resolve("000012.sst"), new byte[1000]);
        return database;
    }

    private Path database(String path) throws IOException {
        return database(dir, path);
    }

    /** What RocksDB has of a store "s" that it opened and closed; the directory that it would look for. */
    private Path rocksDb(StoreFlavour flavour) throws IOException {
        if (flavour == StoreFlavour.KEY_VALUE) {
            return database("rocksdb/s");
        }
        database("s/s.0");
        return database("s/s.1800000").getParent();
    }

    @ParameterizedTest
    @EnumSource
    void theFirstDurableCommitWithAnOffsetTakesRocksDbAway(StoreFlavour flavour) throws IOException {
        Path rocksDb = rocksDb(flavour);
        StateStore store = flavour.open(dir);
        assertThat(store.committedOffset(P0)).isNull();
        flavour.put(store, "k", "restored");
        store.commit(Map.of(P0, -4L));
        store.commit(Map.of());
        assertThat(rocksDb).as("nothing says yet how far the rows go").isNotEmptyDirectory();

        store.commit(Map.of(P0, 7L));
        assertThat(rocksDb).doesNotExist();
        byte[] durable = ((ForebayStateStore) store).store().durablePayload();
        assertThat(CommitPayload.decode(durable).offsets())
                .as("durable at once")
                .isEqualTo(Map.of(P0, 7L));
        store.close();
        assertThat(dir.list()).as("nothing is left").doesNotContain(RETIRED);

        store = flavour.open(dir);
        assertThat(store.committedOffset(P0)).isEqualTo(7);
        assertThat(flavour.get(store, "k")).isEqualTo("restored");
        store.close();
    }

    /** The pass that Kafka makes over all stores at its start commits that nothing is known. */
    @ParameterizedTest
    @EnumSource
    void aMoveThatHasNotBegunToRestoreLeavesRocksDbAsItIs(StoreFlavour flavour) throws IOException {
        Path rocksDb = rocksDb(flavour);
        StateStore store = flavour.open(dir);
        store.commit(Map.of(P0, 99L)); // of a checkpoint file that tells of RocksDB's rows
        assertThat(store.committedOffset(P0)).isNull();
        store.commit(Map.of(P0, -4L));
        store.close();
        assertThat(rocksDb).isNotEmptyDirectory();
        store = flavour.open(dir);
        store.close();
        assertThat(rocksDb).isNotEmptyDirectory();
    }

    @ParameterizedTest
    @EnumSource
    void rowsOfForebayAreDroppedWhenRocksDbIsThereAgain(StoreFlavour flavour) throws IOException {
        flavour.leaveHundred(dir, P0);
        Path rocksDb = rocksDb(flavour);
        StateStore store = flavour.open(dir);
        assertThat(store.committedOffset(P0)).isNull();
        assertThat(flavour.get(store, "k")).isNull();
        store.commit(Map.of(P0, 120L));
        assertThat(rocksDb).doesNotExist();
        store.close();
        store = flavour.open(dir);
        assertThat(store.committedOffset(P0)).isEqualTo(120);
        store.close();
    }

    @ParameterizedTest
    @EnumSource
    void aMoveThatWasCutShortBeginsAnew(StoreFlavour flavour) throws IOException {
        flavour.leaveHundred(dir, P0);
        rocksDb(flavour);
        for (int attempt = 0; attempt < 3; attempt++) {
            StateStore store = flavour.open(dir);
            assertThat(store.committedOffset(P0)).isNull();
            assertThat(flavour.get(store, "k")).isNull();
            flavour.put(store, "k", "never committed");
            store.close();
        }
    }

    @Test
    void globalStoresMoveLikeOthers() throws IOException {
        StateStore store = StoreFlavour.KEY_VALUE.create("s");
        store.init(TestContexts.global(dir), store);
        StoreFlavour.KEY_VALUE.put(store, "k", "old");
        store.commit(Map.of(P0, 5L, P1, 6L));
        store.close();
        Path rocksDb = rocksDb(StoreFlavour.KEY_VALUE);
        store.init(TestContexts.global(dir), store);
        assertThat(store.committedOffset(P0)).isNull();
        assertThat(store.committedOffset(P1)).isNull();
        assertThat(StoreFlavour.KEY_VALUE.get(store, "k")).isNull();
        store.commit(Map.of(P0, 8L, P1, 9L));
        assertThat(rocksDb).doesNotExist();
        store.close();
        store.init(TestContexts.global(dir), store);
        assertThat(store.committedOffset(P1)).isEqualTo(9);
        store.close();
    }

    /** Rows of a store without changelog are nowhere else. */
    @ParameterizedTest
    @EnumSource
    void nothingIsDeletedWhereNothingCanBeRestored(StoreFlavour flavour) throws IOException {
        Path rocksDb = rocksDb(flavour);
        for (int life = 1; life <= 2; life++) {
            StateStore store = open(flavour.create("s"), TestContexts.unlogged(dir, Map.of()));
            assertThat(flavour.get(store, "k")).isEqualTo(life == 1 ? null : "ours");
            flavour.put(store, "k", "ours");
            store.commit(Map.of());
            store.close();
        }
        assertThat(rocksDb).isNotEmptyDirectory();
    }

    @Test
    void otherStoresOfTheTaskStay() throws IOException {
        Path other = database("rocksdb/s2");
        Path rocksDb = rocksDb(StoreFlavour.KEY_VALUE);
        StateStore store = StoreFlavour.KEY_VALUE.open(dir);
        assertThat(store.committedOffset(P0)).isNull();
        store.commit(Map.of(P0, 3L));
        store.close();
        assertThat(rocksDb).doesNotExist();
        assertThat(other).isNotEmptyDirectory();
    }

    /** The process ended between the rename and the deletion. */
    @Test
    void whatWasTakenAwayBeforeACrashIsDeletedAtTheNextOpen() throws IOException {
        StoreFlavour.KEY_VALUE.leaveHundred(dir, P0);
        Path left = database(RETIRED + "/s/s");
        StateStore store = StoreFlavour.KEY_VALUE.open(dir);
        assertThat(store.committedOffset(P0)).isEqualTo(100);
        store.close();
        assertThat(left).doesNotExist();
        assertThat(dir.list()).as("it held nothing else").doesNotContain(RETIRED);
    }

    @Test
    void whatWasTakenAwayOfAnotherStoreIsLeftToIt() throws IOException {
        StoreFlavour.KEY_VALUE.leaveHundred(dir, P0);
        Path others = database(RETIRED + "/s2/s2");
        rocksDb(StoreFlavour.KEY_VALUE);
        StateStore store = StoreFlavour.KEY_VALUE.open(dir);
        assertThat(store.committedOffset(P0)).isNull();
        store.commit(Map.of(P0, 120L));
        store.close();
        assertThat(others).isNotEmptyDirectory();
    }

    /** Kafka does not check the names of stores of the Processor API that have no changelog. */
    @ParameterizedTest
    @ValueSource(strings = {"s~rocksdb", RETIRED})
    void storesOfAnyNameStayWhenAnotherOneOpensAndMoves(String name) throws IOException {
        StateStore other = open(StoreFlavour.KEY_VALUE.create(name), TestContexts.unlogged(dir, Map.of()));
        StoreFlavour.KEY_VALUE.put(other, "k", "nowhere else");
        other.commit(Map.of());
        other.close();
        rocksDb(StoreFlavour.KEY_VALUE);
        StateStore store = StoreFlavour.KEY_VALUE.open(dir);
        assertThat(store.committedOffset(P0)).isNull();
        store.commit(Map.of(P0, 120L));
        store.close();
        other = open(StoreFlavour.KEY_VALUE.create(name), TestContexts.unlogged(dir, Map.of()));
        assertThat(StoreFlavour.KEY_VALUE.get(other, "k")).isEqualTo("nowhere else");
        other.close();
    }

    /** A store whose RocksDB directory cannot be renamed for some time. */
    private static final class Stuck extends ForebayStateStore {
        private boolean stuck = true;

        Stuck() {
            super("s", new StoreLayout(StoreKind.KEY_VALUE, ValueFormat.PLAIN, 0));
        }

        @Override
        RocksDbDirectory rocksDb(File stateDir) {
            return new RocksDbDirectory(
                    stateDir, "s", new StoreLayout(StoreKind.KEY_VALUE, ValueFormat.PLAIN, 0), (from, to) -> {
                        if (stuck) {
                            throw new IOException("stuck");
                        }
                        Files.move(from, to);
                    });
        }

        @Override
        protected void restore(Collection<ConsumerRecord<byte[], byte[]>> changelog, WriteBatch batch) {
            throw new AssertionError("nothing is restored here");
        }
    }

    @Test
    void aDirectoryThatStaysIsTriedAgainAndMakesTheNextOpenBeginAnew() throws IOException {
        Path rocksDb = rocksDb(StoreFlavour.KEY_VALUE);
        Stuck store = open(new Stuck(), logged(dir, "s"));
        assertThat(store.committedOffset(P0)).isNull();
        store.commit(Map.of(P0, 3L));
        assertThat(rocksDb).isNotEmptyDirectory();
        assertThat(store.committedOffset(P0)).as("the store goes on").isEqualTo(3);
        store.close();

        store = open(new Stuck(), logged(dir, "s"));
        assertThat(store.committedOffset(P0)).as("RocksDB may have been here").isNull();
        store.commit(Map.of(P0, 4L));
        store.stuck = false;
        store.commit(Map.of(P0, 4L));
        assertThat(rocksDb).doesNotExist();
        store.close();
        store = open(new Stuck(), logged(dir, "s"));
        assertThat(store.committedOffset(P0)).isEqualTo(4);
        store.close();
    }

    @Test
    void aDirectoryThatMayNotBeRemovedIsRefusedBeforeAnythingIsDropped() throws IOException {
        StoreFlavour.KEY_VALUE.leaveHundred(dir, P0);
        Path rocksDb = rocksDb(StoreFlavour.KEY_VALUE);
        assertThat(rocksDb.toFile().setWritable(false)).isTrue();
        assumeFalse(Files.isWritable(rocksDb), "the superuser may remove everything");
        StateStore store = StoreFlavour.KEY_VALUE.create("s");
        assertThatThrownBy(() -> open(store, logged(dir, "s")))
                .isExactlyInstanceOf(ProcessorStateException.class)
                .hasMessageContaining("Store s")
                .hasMessageContaining(rocksDb.toString());
        assertThat(rocksDb.toFile().setWritable(true)).isTrue();
        assertThat(dir.toPath().resolve("forebay/s")).isNotEmptyDirectory();
    }
}
