package io.forebay.kafka;

import static io.forebay.kafka.TestContexts.logged;
import static io.forebay.kafka.TestContexts.processing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.kafka.state.DurableCommits;
import io.forebay.kafka.state.ForebayStateStore;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.query.Position;
import org.apache.kafka.test.InternalMockProcessorContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Offsets, position and rows: what a commit keeps, and what a close drops. */
@Tag("smoke")
class CommitTest {
    private static final TopicPartition P0 = new TopicPartition("changelog", 0);
    private static final TopicPartition P1 = new TopicPartition("changelog", 1);
    private static final TopicPartition OTHER = new TopicPartition("other", 0);

    @TempDir
    File dir;

    private InternalMockProcessorContext<Object, Object> context;

    private StateStore store;

    @AfterEach
    void close() {
        if (store != null) {
            store.close();
        }
    }

    @BeforeEach
    void makeContext() {
        context = logged(dir, "s");
    }

    @ParameterizedTest
    @EnumSource
    void aNewStoreHasNoOffsets(StoreFlavour flavour) {
        open(flavour);
        assertThat(store.committedOffset(P0)).isNull();
        assertThat(store.getPosition()).isEqualTo(Position.emptyPosition());
        assertThat(store.persistent()).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    @SuppressWarnings("deprecation")
    void managesItsOffsets(StoreFlavour flavour) {
        assertThat(flavour.create("s").managesOffsets()).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void aCommitChangesTheOffsetsItNamesAndKeepsTheOthers(StoreFlavour flavour) {
        open(flavour);
        store.commit(Map.of(P0, 10L, P1, 20L, OTHER, 30L));
        store.commit(Map.of(P1, 21L));
        reopen(flavour);
        assertOffset(P0, 10);
        assertOffset(P1, 21);
        assertOffset(OTHER, 30);
        assertThat(store.committedOffset(new TopicPartition("changelog", 2))).isNull();
    }

    @ParameterizedTest
    @EnumSource
    void longValuesGoToValueFiles(StoreFlavour flavour) throws IOException {
        context = TestContexts.unlogged(
                dir, Map.of("forebay.value.file.threshold.bytes", 100, "forebay.commit.interval.ms", 0));
        open(flavour);
        String value = "v".repeat(200);
        flavour.put(store, "k", value);
        store.commit(Map.of(P0, 10L));
        DurableCommits.await((ForebayStateStore) store);
        try (Stream<Path> files = Files.walk(dir.toPath())) {
            assertThat(files).anyMatch(file -> file.toString().endsWith(".val"));
        }
        assertThat(flavour.get(store, "k")).isEqualTo(value);
    }

    @ParameterizedTest
    @EnumSource
    void anEmptyCommitDropsAllOffsetsAndKeepsRowsAndPosition(StoreFlavour flavour) {
        open(flavour);
        processing(context, "input", 0, 7);
        flavour.put(store, "k", "v");
        store.commit(Map.of(P0, 10L, P1, 20L));
        store.commit(Map.of());
        assertThat(store.committedOffset(P0)).isNull();
        reopen(flavour);
        assertThat(store.committedOffset(P0)).isNull();
        assertThat(store.committedOffset(P1)).isNull();
        assertThat(flavour.get(store, "k")).isEqualTo("v");
        assertThat(store.getPosition()).isEqualTo(Position.emptyPosition().withComponent("input", 0, 7));
    }

    @ParameterizedTest
    @EnumSource
    void aNullOffsetDropsThatOne(StoreFlavour flavour) {
        open(flavour);
        store.commit(Map.of(P0, 10L, P1, 20L));
        Map<TopicPartition, Long> change = new HashMap<>();
        change.put(P0, null);
        store.commit(change);
        assertThat(store.committedOffset(P0)).isNull();
        reopen(flavour);
        assertThat(store.committedOffset(P0)).isNull();
        assertOffset(P1, 20);
    }

    @ParameterizedTest
    @EnumSource
    void kafkasMarkForAnUnknownOffsetIsKeptAsItIs(StoreFlavour flavour) {
        open(flavour);
        store.commit(Map.of(P0, -4L));
        assertOffset(P0, -4);
        reopen(flavour);
        assertOffset(P0, -4);
    }

    @ParameterizedTest
    @EnumSource
    void aCloseDropsWhatWasWrittenAfterTheLastCommit(StoreFlavour flavour) {
        open(flavour);
        processing(context, "input", 0, 1);
        flavour.put(store, "old", "committed");
        flavour.put(store, "deleted", "committed");
        store.commit(Map.of(P0, 10L));
        processing(context, "input", 0, 2);
        flavour.put(store, "old", "overwritten");
        flavour.put(store, "deleted", null);
        flavour.put(store, "new", "uncommitted");
        assertThat(flavour.get(store, "old")).isEqualTo("overwritten");

        reopen(flavour);
        assertThat(flavour.get(store, "old")).isEqualTo("committed");
        assertThat(flavour.get(store, "deleted")).isEqualTo("committed");
        assertThat(flavour.get(store, "new")).isNull();
        assertOffset(P0, 10);
        assertThat(store.getPosition()).isEqualTo(Position.emptyPosition().withComponent("input", 0, 1));
    }

    @ParameterizedTest
    @EnumSource
    void aStoreWithoutChangelogKeepsWhatAnEmptyCommitCovers(StoreFlavour flavour) {
        context = TestContexts.unlogged(dir, Map.of());
        open(flavour);
        flavour.put(store, "k", "v1");
        store.commit(Map.of());
        flavour.put(store, "k", "v2");
        store.commit(Map.of());
        reopen(flavour);
        assertThat(flavour.get(store, "k")).isEqualTo("v2");
    }

    @ParameterizedTest
    @EnumSource
    void opensTwiceAtStartUp(StoreFlavour flavour) {
        StateStore first = flavour.open(dir);
        flavour.put(first, "k", "v");
        first.commit(Map.of(P0, 10L));
        first.close();

        StateStore startUp = flavour.open(dir);
        assertThat(startUp.committedOffset(P0)).isEqualTo(10);
        startUp.commit(Map.of(P0, 10L));
        startUp.close();

        StateStore task = flavour.open(dir);
        assertThat(task.committedOffset(P0)).isEqualTo(10);
        assertThat(flavour.get(task, "k")).isEqualTo("v");
        task.close();
    }

    @ParameterizedTest
    @EnumSource
    void theSameObjectOpensAgainAfterClose(StoreFlavour flavour) {
        open(flavour);
        flavour.put(store, "k", "v");
        store.commit(Map.of(P0, 10L));
        flavour.put(store, "k", "lost");
        store.close();
        TestContexts.open(store, logged(dir, "s"));
        assertOffset(P0, 10);
        assertThat(flavour.get(store, "k")).isEqualTo("v");
    }

    @ParameterizedTest
    @EnumSource
    void aRestoreWritesRowsAndTakesOverPositions(StoreFlavour flavour) {
        open(flavour);
        flavour.put(store, "gone", "v");
        context.restore(
                "s",
                java.util.List.of(
                        org.apache.kafka.streams.KeyValue.pair(flavour.changelogKey("k"), new byte[] {'1'}),
                        org.apache.kafka.streams.KeyValue.pair(flavour.changelogKey("k"), new byte[] {'2'}),
                        org.apache.kafka.streams.KeyValue.pair(flavour.changelogKey("gone"), null)));
        assertThat(flavour.get(store, "k")).isEqualTo("2");
        assertThat(flavour.get(store, "gone")).isNull();
        store.commit(Map.of(P0, 3L));
        reopen(flavour);
        assertThat(flavour.get(store, "k")).isEqualTo("2");
    }

    @ParameterizedTest
    @EnumSource
    void useAfterCloseIsRefused(StoreFlavour flavour) {
        open(flavour);
        flavour.put(store, "k", "v");
        assertThat(store.isOpen()).isTrue();
        store.close();
        store.close();
        assertThat(store.isOpen()).isFalse();
        store.commit(Map.of(P0, 1L));
        assertThatThrownBy(() -> flavour.get(store, "k"))
                .isExactlyInstanceOf(InvalidStateStoreException.class)
                .hasMessage("Store s is currently closed");
        assertThatThrownBy(() -> flavour.put(store, "k", "v"))
                .isExactlyInstanceOf(InvalidStateStoreException.class)
                .hasMessage("Store s is currently closed");
        assertThatThrownBy(() -> store.committedOffset(P0))
                .isExactlyInstanceOf(InvalidStateStoreException.class)
                .hasMessage("Store s is currently closed");
    }

    @ParameterizedTest
    @EnumSource
    void useBeforeInitIsRefused(StoreFlavour flavour) {
        store = flavour.create("s");
        assertThat(store.isOpen()).isFalse();
        store.commit(Map.of());
        store.close();
        assertThatThrownBy(() -> flavour.put(store, "k", "v")).isExactlyInstanceOf(InvalidStateStoreException.class);
    }

    @ParameterizedTest
    @EnumSource
    void livesInADirectoryOfItsName(StoreFlavour flavour) {
        open(flavour);
        assertThat(new File(dir, "forebay/s")).isNotEmptyDirectory();
    }

    private void open(StoreFlavour flavour) {
        store = TestContexts.open(flavour.create("s"), context);
    }

    private void reopen(StoreFlavour flavour) {
        store.close();
        open(flavour);
    }

    private void assertOffset(TopicPartition partition, long offset) {
        assertThat(store.committedOffset(partition)).isEqualTo(offset);
    }
}
