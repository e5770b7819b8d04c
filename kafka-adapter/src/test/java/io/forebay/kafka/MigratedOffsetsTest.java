package io.forebay.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.processor.StateStore;
import org.junit.jupiter.api.AfterEach;
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

    private StateStore store;

    @AfterEach
    void close() {
        if (store != null) {
            store.close();
        }
    }

    /** Opens the store of {@code flavour}; closes the one that is open. */
    private void open(StoreFlavour flavour) {
        close();
        store = flavour.open(dir);
    }

    /** Commits an offset; the store then has {@code expected}. */
    private void commit(TopicPartition partition, long offset, Long expected) {
        store.commit(Map.of(partition, offset));
        assertThat(store.committedOffset(partition)).isEqualTo(expected);
    }

    @ParameterizedTest
    @EnumSource
    void areTakenAsTheyAreWhereNoStoreHasBeen(StoreFlavour flavour) {
        open(flavour);
        commit(P0, 99L, 99L);
    }

    @ParameterizedTest
    @EnumSource
    void ofAnEarlierRocksDbStoreAreIgnored(StoreFlavour flavour) {
        assertThat(new File(dir, flavour == StoreFlavour.KEY_VALUE ? "rocksdb/s" : "s").mkdirs())
                .isTrue();
        open(flavour);
        commit(P0, 99L, null);
        commit(P0, 5L, 5L);
        open(flavour);
        assertThat(store.committedOffset(P0)).isEqualTo(5);
        commit(P0, 6L, 6L);
    }

    /** The store was left for RocksDB, which went on to 500, and is used again. */
    @ParameterizedTest
    @EnumSource
    void aheadOfTheRowsAreIgnored(StoreFlavour flavour) {
        flavour.leaveHundred(dir, P0);
        open(flavour);
        commit(P0, 500L, 100L);
        assertThat(flavour.get(store, "k")).isEqualTo("of 100");
        commit(P0, 500L, 500L);
        open(flavour);
        assertThat(store.committedOffset(P0)).isEqualTo(500);
    }

    @ParameterizedTest
    @EnumSource
    void areStillIgnoredWhenTheFirstStartWithThemEndsInACommit(StoreFlavour flavour) {
        flavour.leaveHundred(dir, P0);
        StateStore startUp = flavour.open(dir);
        startUp.commit(Map.of(P0, 500L));
        startUp.close();
        open(flavour);
        assertThat(store.committedOffset(P0)).isEqualTo(100);
    }

    @ParameterizedTest
    @EnumSource
    void behindTheRowsMakeKafkaRestoreMore(StoreFlavour flavour) {
        flavour.leaveHundred(dir, P0);
        open(flavour);
        commit(P0, 60L, 60L);
    }

    @ParameterizedTest
    @EnumSource
    void ofAPartitionWithoutRowsAreIgnored(StoreFlavour flavour) {
        flavour.leaveHundred(dir, P0);
        open(flavour);
        commit(P1, 500L, null);
        assertThat(store.committedOffset(P0)).isEqualTo(100);
    }

    @ParameterizedTest
    @EnumSource
    void doNotTurnAnUnknownOffsetIntoAKnownOne(StoreFlavour flavour) {
        open(flavour);
        store.commit(Map.of(P0, -4L));
        open(flavour);
        commit(P0, 500L, -4L);
    }

    @ParameterizedTest
    @EnumSource
    void markedAsUnknownClaimNoRows(StoreFlavour flavour) {
        flavour.leaveHundred(dir, P0);
        open(flavour);
        store.commit(Map.of(P0, -4L, P1, -4L));
        assertThat(store.committedOffset(P0)).isEqualTo(-4);
        assertThat(store.committedOffset(P1)).isEqualTo(-4);
    }

    /** A restore failed before the first commit; Kafka wrote down how far it had come. */
    @ParameterizedTest
    @EnumSource
    void areIgnoredWhenTheFirstRowsWereNeverCommitted(StoreFlavour flavour) {
        open(flavour);
        flavour.put(store, "k", "dropped");
        open(flavour);
        store.commit(Map.of(P0, 500L));
        assertThat(flavour.get(store, "k")).isNull();
        assertThat(store.committedOffset(P0)).isNull();
    }

    /** Kafka wrote down the offset of a store whose files were deleted because they are damaged. */
    @Test
    void areIgnoredWhenTheFilesWereDamaged() throws IOException {
        StoreFlavour.KEY_VALUE.leaveHundred(dir, P0);
        for (Path file : manifests()) {
            Files.write(file, new byte[] {1, 2, 3});
        }
        store = StoreFlavour.KEY_VALUE.create("s");
        store.init(TestContexts.global(dir), store);
        commit(P0, 100L, null);
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
        store = StoreFlavour.KEY_VALUE.create("s");
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
    }
}
