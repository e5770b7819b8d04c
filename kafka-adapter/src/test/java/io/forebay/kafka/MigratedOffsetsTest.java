package io.forebay.kafka;

import static io.forebay.kafka.TestContexts.logged;
import static io.forebay.kafka.TestContexts.open;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.processor.StateStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Offsets of a checkpoint file, which Kafka commits to a store right after it was opened and before it asks for the offset
 * to restore from.
 */
class MigratedOffsetsTest {
    private static final TopicPartition P0 = new TopicPartition("changelog", 0);
    private static final TopicPartition P1 = new TopicPartition("changelog", 1);
    private static final TopicPartition P2 = new TopicPartition("changelog", 2);

    @TempDir
    File dir;

    private StateStore opened(StoreFlavour flavour) {
        return open(flavour.create("s"), logged(dir, "s"));
    }

    /** Leaves a store with rows up to offset 100. */
    private void leaveHundred(StoreFlavour flavour) {
        StateStore store = opened(flavour);
        flavour.put(store, "k", "of 100");
        store.commit(Map.of(P0, 100L));
        store.close();
    }

    @ParameterizedTest
    @EnumSource
    void areTakenAsTheyAreWhereNoStoreHasBeen(StoreFlavour flavour) {
        StateStore store = opened(flavour);
        store.commit(Map.of(P0, 99L));
        assertThat(store.committedOffset(P0)).isEqualTo(99);
        store.close();
    }

    @ParameterizedTest
    @EnumSource
    void ofAnEarlierRocksDbStoreAreIgnored(StoreFlavour flavour) {
        assertThat(new File(dir, flavour == StoreFlavour.KEY_VALUE ? "rocksdb/s" : "s").mkdirs())
                .isTrue();
        StateStore store = opened(flavour);
        store.commit(Map.of(P0, 99L));
        assertThat(store.committedOffset(P0)).as("rows up to 99 are not here").isNull();
        store.commit(Map.of(P0, 5L));
        assertThat(store.committedOffset(P0)).as("of this store").isEqualTo(5);
        store.close();
        store = opened(flavour);
        assertThat(store.committedOffset(P0)).isEqualTo(5);
        store.commit(Map.of(P0, 6L));
        assertThat(store.committedOffset(P0)).isEqualTo(6);
        store.close();
    }

    /** The store was left for RocksDB, which went on to 500, and is used again. */
    @ParameterizedTest
    @EnumSource
    void aheadOfTheRowsAreIgnored(StoreFlavour flavour) {
        leaveHundred(flavour);
        StateStore store = opened(flavour);
        store.commit(Map.of(P0, 500L));
        assertThat(store.committedOffset(P0)).isEqualTo(100);
        assertThat(flavour.get(store, "k")).isEqualTo("of 100");
        store.commit(Map.of(P0, 500L));
        assertThat(store.committedOffset(P0)).as("restored up to here").isEqualTo(500);
        store.close();
        store = opened(flavour);
        assertThat(store.committedOffset(P0)).isEqualTo(500);
        store.close();
    }

    @ParameterizedTest
    @EnumSource
    void areStillIgnoredWhenTheFirstStartWithThemEndsInACommit(StoreFlavour flavour) {
        leaveHundred(flavour);
        StateStore startUp = opened(flavour);
        startUp.commit(Map.of(P0, 500L));
        startUp.close();
        StateStore store = opened(flavour);
        assertThat(store.committedOffset(P0)).isEqualTo(100);
        store.close();
    }

    @ParameterizedTest
    @EnumSource
    void behindTheRowsMakeKafkaRestoreMore(StoreFlavour flavour) {
        leaveHundred(flavour);
        StateStore store = opened(flavour);
        store.commit(Map.of(P0, 60L));
        assertThat(store.committedOffset(P0)).isEqualTo(60);
        store.close();
    }

    @ParameterizedTest
    @EnumSource
    void ofAPartitionWithoutRowsAreIgnored(StoreFlavour flavour) {
        leaveHundred(flavour);
        StateStore store = opened(flavour);
        store.commit(Map.of(P1, 500L));
        assertThat(store.committedOffset(P1)).isNull();
        assertThat(store.committedOffset(P0)).isEqualTo(100);
        store.close();
    }

    @ParameterizedTest
    @EnumSource
    void doNotTurnAnUnknownOffsetIntoAKnownOne(StoreFlavour flavour) {
        StateStore store = opened(flavour);
        store.commit(Map.of(P0, -4L));
        store.close();
        store = opened(flavour);
        store.commit(Map.of(P0, 500L));
        assertThat(store.committedOffset(P0)).isEqualTo(-4);
        store.close();
    }

    @ParameterizedTest
    @EnumSource
    void markedAsUnknownClaimNoRows(StoreFlavour flavour) {
        leaveHundred(flavour);
        StateStore store = opened(flavour);
        store.commit(Map.of(P0, -4L, P1, -4L));
        assertThat(store.committedOffset(P0)).isEqualTo(-4);
        assertThat(store.committedOffset(P1)).isEqualTo(-4);
        store.close();
    }

    /** A restore failed before the first commit; Kafka wrote down how far it had come. */
    @ParameterizedTest
    @EnumSource
    void areIgnoredWhenTheFirstRowsWereNeverCommitted(StoreFlavour flavour) {
        StateStore store = opened(flavour);
        flavour.put(store, "k", "dropped");
        store.close();
        store = opened(flavour);
        store.commit(Map.of(P0, 500L));
        assertThat(flavour.get(store, "k")).isNull();
        assertThat(store.committedOffset(P0)).isNull();
        store.close();
    }

    /** Kafka wrote down the offset of a store whose files were deleted because they are damaged. */
    @Test
    void areIgnoredWhenTheFilesWereDamaged() throws IOException {
        leaveHundred(StoreFlavour.KEY_VALUE);
        for (Path file : manifests()) {
            Files.write(file, new byte[] {1, 2, 3});
        }
        StateStore store = StoreFlavour.KEY_VALUE.create("s");
        store.init(TestContexts.global(dir), store);
        store.commit(Map.of(P0, 100L));
        assertThat(store.committedOffset(P0)).isNull();
        store.close();
    }

    private List<Path> manifests() throws IOException {
        try (var files = Files.list(dir.toPath().resolve("forebay/s"))) {
            List<Path> manifests = files.filter(
                            file -> file.getFileName().toString().contains("MANIFEST"))
                    .toList();
            assertThat(manifests).isNotEmpty();
            return manifests;
        }
    }

    @Test
    void ofAGlobalStoreAreComparedForEachPartition() {
        StateStore store = StoreFlavour.KEY_VALUE.create("s");
        store.init(TestContexts.global(dir), store);
        store.commit(Map.of(P0, 100L, P1, 100L));
        store.close();
        store.init(TestContexts.global(dir), store);
        store.commit(Map.of(P0, 500L, P1, 60L, P2, 500L));
        assertThat(store.committedOffset(P0)).isEqualTo(100);
        assertThat(store.committedOffset(P1)).isEqualTo(60);
        assertThat(store.committedOffset(P2)).isNull();
        store.commit(Map.of(P0, 101L, P1, 102L, P2, 103L));
        store.close();
        store.init(TestContexts.global(dir), store);
        assertThat(store.committedOffset(P0)).isEqualTo(101);
        assertThat(store.committedOffset(P1)).isEqualTo(102);
        assertThat(store.committedOffset(P2)).isEqualTo(103);
        store.close();
    }
}
