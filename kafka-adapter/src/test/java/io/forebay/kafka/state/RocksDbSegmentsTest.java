package io.forebay.kafka.state;

import static io.forebay.kafka.TestContexts.logged;
import static io.forebay.kafka.TestContexts.open;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import io.forebay.kafka.ForebayStores;
import io.forebay.kafka.StoreFlavour;
import io.forebay.kafka.offsets.StoreKind;
import io.forebay.kafka.offsets.StoreLayout;
import io.forebay.kafka.offsets.ValueFormat;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.LogCaptureAppender;
import org.apache.kafka.streams.errors.ProcessorStateException;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.internals.ProcessorContextImpl;
import org.apache.kafka.streams.processor.internals.ProcessorStateManager;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.test.InternalMockProcessorContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Segments of RocksDB beside what others have: which are taken over, and what stays where it is. */
class RocksDbSegmentsTest {
    private static final TopicPartition P0 = new TopicPartition("changelog", 0);
    /** Half of an hour of retention. */
    private static final long INTERVAL = 1_800_000;

    @TempDir
    File dir;

    private Path database(String path) throws IOException {
        return RocksDbTakeOverTest.database(dir, path);
    }

    private static StateStore windows(String name) {
        return ForebayStores.persistentWindowStore(name, Duration.ofHours(1), Duration.ofMinutes(1), false)
                .get();
    }

    @ParameterizedTest
    @ValueSource(strings = {"rocksdb", "forebay"})
    void aWindowStoreMayHaveTheNameOfASharedDirectory(String name) throws IOException {
        Path segment = database(name + "/" + name + ".1800000");
        Path another = database("rocksdb/other");
        StateStore store = open(windows(name), logged(dir, name));
        assertThat(store.committedOffset(P0)).isNull();
        store.commit(Map.of(P0, 3L));
        assertThat(segment).doesNotExist();
        assertThat(another).isNotEmptyDirectory();
        store.close();
        store = open(windows(name), logged(dir, name));
        assertThat(store.committedOffset(P0)).isEqualTo(3);
        store.close();
    }

    /** Names that begin as those of segments do, but are other stores', whether or not these are in the task. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "rocksdb-count",
                "rocksdb.x",
                "rocksdb.",
                "rocksdb:1x",
                "rocksdb.-5",
                "rocksdb.99999999999999999999",
                "rocksdb-1",
                "rocksdb-20170101000",
                "rocksdb.7",
                "rocksdb.1799999",
                "rocksdb.1800001"
            })
    void aWindowStoreInASharedDirectoryTakesNoOtherStore(String other) throws IOException {
        Path another = database("rocksdb/" + other);
        List<Path> segments = List.of(
                database("rocksdb/rocksdb.0"),
                database("rocksdb/rocksdb.3600000"),
                database("rocksdb/rocksdb:1800000"),
                database("rocksdb/rocksdb-201701010000"));
        InternalMockProcessorContext<Object, Object> context = logged(dir, "rocksdb");
        context.addChangelogForStore(other, other + "-changelog");
        StateStore store = open(windows("rocksdb"), context);
        assertThat(store.committedOffset(P0)).isNull();
        store.commit(Map.of(P0, 3L));
        store.close();
        assertThat(another).isNotEmptyDirectory();
        assertThat(segments).allSatisfy(segment -> assertThat(segment).doesNotExist());
    }

    @ParameterizedTest
    @ValueSource(strings = {"rocksdb.0", "rocksdb.1800000", "rocksdb:1800000", "rocksdb-201701010000"})
    void aStoreOfTheTaskThatIsNamedAsASegmentIsRefusedByName(String other) throws IOException {
        StateStore first = open(windows("rocksdb"), logged(dir, "rocksdb"));
        first.commit(Map.of(P0, 100L));
        first.close();
        Path another = database("rocksdb/" + other);
        Path segment = database("rocksdb/rocksdb.3600000");

        InternalMockProcessorContext<Object, Object> context = logged(dir, "rocksdb");
        context.addChangelogForStore(other, other + "-changelog");
        assertThatThrownBy(() -> open(windows("rocksdb"), context))
                .isExactlyInstanceOf(ProcessorStateException.class)
                .hasMessageContaining("Store rocksdb ")
                .hasMessageContaining("store " + other + " ")
                .hasMessageContaining(another.toString())
                .hasMessageContaining("another name");
        assertThat(another).isNotEmptyDirectory();
        assertThat(segment).isNotEmptyDirectory();
        assertThat(dir.toPath().resolve("forebay/rocksdb")).isNotEmptyDirectory();
    }

    private static ProcessorContextImpl task(String openedName, StateStore opened) {
        ProcessorStateManager stores = mock(ProcessorStateManager.class);
        when(stores.store(openedName)).thenReturn(opened);
        ProcessorContextImpl task = mock(ProcessorContextImpl.class);
        when(task.stateManager()).thenReturn(stores);
        return task;
    }

    /** Stores without changelog are known only when they have been opened, maybe after the window store. */
    @Test
    void aStoreWithoutChangelogThatIsNamedAsASegmentStaysWhereItIs() throws IOException {
        Path another = database("rocksdb/rocksdb.1800000");
        ProcessorContextImpl task = task("rocksdb.1800000", mock(KeyValueStore.class));
        RocksDbDirectory rocksDb =
                new RocksDbDirectory(dir, "rocksdb", new StoreLayout(StoreKind.WINDOW, ValueFormat.PLAIN, INTERVAL));
        assertThatThrownBy(() -> rocksDb.checkRetirable(task))
                .isExactlyInstanceOf(ProcessorStateException.class)
                .hasMessageContaining("store rocksdb.1800000 ");
        assertThatThrownBy(() -> rocksDb.retire(task))
                .isExactlyInstanceOf(IOException.class)
                .hasMessageContaining("store rocksdb.1800000 ");
        assertThat(another).isNotEmptyDirectory();
    }

    @ParameterizedTest
    @ValueSource(strings = {"rocksdb.1800000", "rocksdb-201701010000"})
    void aKeyValueStoreThatIsNamedAsASegmentTakesNone(String name) throws IOException {
        Path database = database("rocksdb/" + name);
        RocksDbDirectory rocksDb =
                new RocksDbDirectory(dir, name, new StoreLayout(StoreKind.KEY_VALUE, ValueFormat.PLAIN, 0));
        ProcessorContextImpl besideWindows = task("rocksdb", mock(WindowStore.class));
        assertThatThrownBy(() -> rocksDb.checkRetirable(besideWindows))
                .isExactlyInstanceOf(ProcessorStateException.class)
                .hasMessageContaining("Store " + name + " ")
                .hasMessageContaining("store rocksdb ");
        assertThatThrownBy(() -> rocksDb.retire(besideWindows)).isExactlyInstanceOf(IOException.class);
        assertThat(database).isNotEmptyDirectory();

        ProcessorContextImpl besideKeyValues = task("rocksdb", mock(KeyValueStore.class));
        assertThatCode(() -> rocksDb.checkRetirable(besideKeyValues)).doesNotThrowAnyException();
        rocksDb.retire(besideKeyValues);
        assertThat(database).doesNotExist();
    }

    private void leaveHundred(StoreFlavour flavour) {
        StateStore store = open(flavour.create("s"), logged(dir, "s"));
        flavour.put(store, "k", "of 100");
        store.commit(Map.of(P0, 100L));
        store.close();
    }

    @ParameterizedTest
    @EnumSource(names = {"WINDOW", "SESSION"})
    void whatLiesAmongSegmentsStaysAndHidesNone(StoreFlavour flavour) throws IOException {
        leaveHundred(flavour);
        List<Path> segments = List.of(
                database("s/s.0"),
                database("s/s.1800000"),
                database("s/s.7"), // of another retention
                database("s/s:3600000"),
                database("s/s-201701010000"));
        List<Path> foreignDirectories =
                List.of(database("s/index"), database("s/s"), database("s/s.x"), database("s/s2.0"));
        List<Path> foreignFiles =
                List.of(dir.toPath().resolve("s/notes.txt"), dir.toPath().resolve("s/s.5400000"));
        for (Path file : foreignFiles) {
            Files.writeString(file, "not RocksDB's");
        }
        try (LogCaptureAppender log = LogCaptureAppender.createAndRegister()) {
            StateStore store = open(flavour.create("s"), logged(dir, "s"));
            assertThat(store.committedOffset(P0)).as("RocksDB may have gone on").isNull();
            assertThat(flavour.get(store, "k")).isNull();
            for (List<Path> foreign : List.of(foreignDirectories, foreignFiles)) {
                assertThat(foreign)
                        .allSatisfy(path -> assertThat(log.getMessages())
                                .anyMatch(line -> line.startsWith(path + " is no segment of RocksDB's store s;")));
            }
            store.commit(Map.of(P0, 120L));
            store.close();
        }
        assertThat(segments).allSatisfy(segment -> assertThat(segment).doesNotExist());
        assertThat(foreignDirectories).allSatisfy(path -> assertThat(path).isNotEmptyDirectory());
        assertThat(foreignFiles).allSatisfy(path -> assertThat(path).hasContent("not RocksDB's"));

        StateStore store = open(flavour.create("s"), logged(dir, "s"));
        assertThat(store.committedOffset(P0)).as("no segment is left").isEqualTo(120);
        store.close();
    }

    @Test
    void whatIsNotRocksDbsIsLeftAlone() throws IOException {
        leaveHundred(StoreFlavour.WINDOW);
        Path foreign = database("s/index");
        StateStore store = open(StoreFlavour.WINDOW.create("s"), logged(dir, "s"));
        assertThat(store.committedOffset(P0)).isEqualTo(100);
        store.commit(Map.of(P0, 101L));
        store.close();
        assertThat(foreign).isNotEmptyDirectory();
    }

    /** Or the process ended between two renames: what is left of the segments is RocksDB's still. */
    @Test
    void segmentsThatStayBesideOthersAreTriedAgain() throws IOException {
        Path foreign = database("s/index");
        List<Path> segments = List.of(database("s/s.0"), database("s/s.1800000"));
        StoreLayout layout = new StoreLayout(StoreKind.WINDOW, ValueFormat.PLAIN, INTERVAL);
        RocksDbDirectory stuck = new RocksDbDirectory(dir, "s", layout, (from, to) -> {
            if (from.equals(segments.get(1))) {
                throw new IOException("stuck");
            }
            Files.move(from, to);
        });
        assertThatThrownBy(() -> stuck.retire(logged(dir, "s"))).hasMessage("stuck");
        RocksDbDirectory rocksDb = new RocksDbDirectory(dir, "s", layout);
        assertThat(rocksDb.isThere()).isTrue();
        rocksDb.retire(logged(dir, "s"));
        assertThat(rocksDb.isThere()).isFalse();
        assertThat(segments).allSatisfy(segment -> assertThat(segment).doesNotExist());
        assertThat(foreign).isNotEmptyDirectory();
    }
}
