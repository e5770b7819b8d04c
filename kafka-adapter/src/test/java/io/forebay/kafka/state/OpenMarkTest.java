package io.forebay.kafka.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.kafka.TestContexts;
import io.forebay.kafka.config.ForebayConfig;
import io.forebay.kafka.offsets.StoreKind;
import io.forebay.kafka.offsets.StoreLayout;
import io.forebay.kafka.offsets.ValueFormat;
import io.forebay.store.FileStore;
import io.forebay.store.KeyRange;
import io.forebay.store.StoreIterator;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.CrashFileStore;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.processor.internals.ProcessorMetadata;
import org.apache.kafka.streams.query.Position;
import org.apache.kafka.test.InternalMockProcessorContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a store has after its process was killed, when there is no changelog to bring back what is missing. */
class OpenMarkTest {
    private static final TopicPartition CHANGELOG = new TopicPartition("changelog", 0);
    private static final StoreLayout PLAIN = new StoreLayout(StoreKind.KEY_VALUE, ValueFormat.PLAIN, 0);
    private static final StoreLayout TIMESTAMPED = new StoreLayout(StoreKind.KEY_VALUE, ValueFormat.TIMESTAMPED, 0);
    private static final Map<String, ?> AT_LEAST_ONCE = guarantee(StreamsConfig.AT_LEAST_ONCE);
    private static final Map<String, ?> EXACTLY_ONCE = guarantee(StreamsConfig.EXACTLY_ONCE_V2);

    @TempDir
    File dir;

    private final Random random = new Random(3);
    private final List<Rows> opened = new ArrayList<>();

    @AfterEach
    void close() {
        opened.forEach(Rows::close);
    }

    /** Commits become durable without being waited for. */
    private static Map<String, ?> guarantee(String guarantee) {
        return Map.of(
                StreamsConfig.PROCESSING_GUARANTEE_CONFIG, guarantee, ForebayConfig.COMMIT_INTERVAL_MS_CONFIG, 0L);
    }

    private static final class Rows extends ForebayStateStore {
        private final FileStore disk;
        private long streamTime;

        Rows(FileStore disk, StoreLayout layout) {
            super("rows", layout);
            this.disk = disk;
        }

        @Override
        FileStore files(File directory) {
            return disk;
        }

        @Override
        protected void opened(StateStoreContext context, long committedStreamTime) {
            streamTime = committedStreamTime;
        }

        @Override
        protected long streamTime() {
            return streamTime;
        }

        @Override
        protected void restore(Collection<ConsumerRecord<byte[], byte[]>> changelog, WriteBatch batch) {
            throw new AssertionError("nothing is restored here");
        }

        void put(String key, String value) {
            writer().put(bytes(key), bytes(value));
            streamTime++;
            updatePosition();
        }

        void delete(String key) {
            writer().delete(bytes(key));
            updatePosition();
        }

        Map<String, String> rows() {
            Map<String, String> rows = new TreeMap<>();
            try (StoreIterator iterator = store().iterator(KeyRange.all())) {
                for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                    rows.put(
                            new String(iterator.key(), StandardCharsets.UTF_8),
                            new String(iterator.value(), StandardCharsets.UTF_8));
                }
            }
            return rows;
        }

        private static byte[] bytes(String text) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
    }

    private Rows open(FileStore disk, Map<String, ?> settings) {
        return open(disk, settings, PLAIN);
    }

    private Rows open(FileStore disk, Map<String, ?> settings, StoreLayout layout) {
        return open(new Rows(disk, layout), TestContexts.unlogged(dir, settings));
    }

    private Rows open(Rows store, InternalMockProcessorContext<Object, Object> context) {
        opened.add(store);
        TestContexts.processing(context, "input", 0, 7);
        return TestContexts.open(store, context);
    }

    private Rows openWithChangelog(FileStore disk) {
        return openWithChangelog(disk, PLAIN);
    }

    private Rows openWithChangelog(FileStore disk, StoreLayout layout) {
        InternalMockProcessorContext<Object, Object> context = TestContexts.unlogged(dir, EXACTLY_ONCE);
        context.addChangelogForStore("rows", CHANGELOG.topic());
        return open(new Rows(disk, layout), context);
    }

    /** A store that was closed with the rows a and b. */
    private CrashFileStore closedStore() {
        CrashFileStore disk = new CrashFileStore();
        closeWithRows(open(disk, EXACTLY_ONCE), Map.of());
        return disk;
    }

    private static void closeWithRows(Rows store, Map<TopicPartition, Long> offsets) {
        store.put("a", "1");
        store.put("b", "1");
        commitAndClose(store, offsets);
    }

    private static void commitAndClose(Rows store, Map<TopicPartition, Long> offsets) {
        store.commit(offsets);
        store.close();
    }

    /** What the disk has after the process of {@code store} was killed. */
    private static CrashFileStore kill(CrashFileStore disk, Rows store) {
        CrashFileStore left = disk.afterKill();
        store.close();
        return left;
    }

    private static void assertEmpty(Rows store) {
        assertThat(store.rows()).isEmpty();
        assertThat(store.getPosition()).isEqualTo(Position.emptyPosition());
        assertThat(store.committedOffset(CHANGELOG)).isNull();
        assertThat(store.streamTime()).isEqualTo(-1);
    }

    @Test
    void aStoreThatWasClosedGoesOn() {
        CrashFileStore disk = closedStore().afterCrash(random);
        for (int life = 2; life < 5; life++) {
            Rows store = open(disk, EXACTLY_ONCE);
            assertThat(store.rows()).hasSize(life).containsEntry("b", "1");
            assertThat(store.getPosition()).isEqualTo(Position.emptyPosition().withComponent("input", 0, 7));
            assertThat(store.streamTime()).isEqualTo(life - 1);
            store.put("life" + life, "x");
            commitAndClose(store, Map.of());
            disk = disk.afterCrash(random);
        }
        Rows readOnly = open(disk, EXACTLY_ONCE);
        readOnly.close();
        assertThat(open(disk.afterCrash(random), EXACTLY_ONCE).rows()).hasSize(5);
    }

    /** Its rows would be those of the last close, however long ago, and keys deleted since would be there for good. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aStoreThatWasKilledBeginsEmpty(boolean committedMeanwhile) {
        CrashFileStore disk = closedStore();
        Rows killed = open(disk, EXACTLY_ONCE);
        killed.put("c", "2");
        if (committedMeanwhile) {
            killed.commit(Map.of());
            DurableCommits.await(killed);
        }
        killed.delete("a");
        CrashFileStore left = kill(disk, killed);
        Rows store = open(left, EXACTLY_ONCE);
        assertEmpty(store);
        store.put("d", "3");
        commitAndClose(store, Map.of());
        assertThat(open(left.afterCrash(random), EXACTLY_ONCE).rows()).isEqualTo(Map.of("d", "3"));
    }

    @Test
    void theMarkIsDurableBeforeAnythingIsWritten() {
        CrashFileStore disk = closedStore();
        Rows killed = open(disk, EXACTLY_ONCE);
        killed.writer();
        CrashFileStore left = disk.afterCrash(random);
        killed.close();
        assertEmpty(open(left, EXACTLY_ONCE));
    }

    /** As of one that fails as it starts, or that Kafka opens to look at its offsets. */
    @Test
    void aStoreThatWasKilledBeforeItWroteKeepsItsRows() {
        CrashFileStore disk = closedStore();
        Rows killed = open(disk, EXACTLY_ONCE);
        CrashFileStore left = kill(disk, killed);
        assertThat(open(left, EXACTLY_ONCE).rows()).containsOnlyKeys("a", "b");
    }

    /** Rows a and b, of which a was deleted before the kill. */
    private CrashFileStore killedWithChangelog() {
        CrashFileStore disk = new CrashFileStore();
        closeWithRows(openWithChangelog(disk), Map.of(CHANGELOG, 5L));
        Rows killed = openWithChangelog(disk);
        killed.delete("a");
        return kill(disk, killed);
    }

    @Test
    void aStoreWhoseChangelogIsSwitchedOffAfterAKillBeginsEmpty() {
        for (Map<String, ?> settings : List.of(EXACTLY_ONCE, AT_LEAST_ONCE)) {
            assertEmpty(open(killedWithChangelog(), settings));
            assertEmpty(open(killedWithChangelog(), settings, TIMESTAMPED));
        }
        CrashFileStore lookedAt = killedWithChangelog();
        Rows look = openWithChangelog(lookedAt);
        assertThat(look.committedOffset(CHANGELOG)).isEqualTo(5L);
        look.close();
        assertEmpty(open(lookedAt, EXACTLY_ONCE));
        CrashFileStore rewritten = killedWithChangelog();
        Rows rewriting = openWithChangelog(rewritten, TIMESTAMPED);
        assertThat(rewriting.rows()).containsOnlyKeys("a", "b");
        rewriting.close();
        assertEmpty(open(rewritten, EXACTLY_ONCE, TIMESTAMPED));
    }

    @Test
    void aStoreWhoseChangelogIsSwitchedOffAfterACloseGoesOn() {
        CrashFileStore disk = killedWithChangelog();
        Rows restored = openWithChangelog(disk);
        restored.delete("a");
        commitAndClose(restored, Map.of(CHANGELOG, 6L));
        Rows look = openWithChangelog(disk);
        look.close();
        assertThat(open(disk.afterCrash(random), EXACTLY_ONCE).rows()).isEqualTo(Map.of("b", "1"));
    }

    /** The rows are those that were committed; only the mark tells of the kill. */
    private CrashFileStore killedWithoutLoss() {
        CrashFileStore disk = new CrashFileStore();
        Rows killed = openWithChangelog(disk);
        killed.put("a", "1");
        killed.commit(Map.of(CHANGELOG, 5L));
        DurableCommits.await(killed);
        return kill(disk, killed);
    }

    @Test
    void anIdleStoreIsMarkedUntilItsTaskIsRestored() {
        CrashFileStore disk = killedWithoutLoss();
        for (long offset = 5; offset < 7; offset++) {
            Rows restoring = openWithChangelog(disk);
            restoring.commit(Map.of(CHANGELOG, offset));
            commitAndClose(restoring, Map.of(CHANGELOG, offset));
        }
        CrashFileStore early = disk.afterCrash(random);
        assertEmpty(open(early, EXACTLY_ONCE));

        InternalMockProcessorContext<Object, Object> context = TestContexts.unlogged(dir, EXACTLY_ONCE);
        context.addChangelogForStore("rows", CHANGELOG.topic());
        Rows restored = open(new Rows(disk, PLAIN), context);
        restored.commit(Map.of(CHANGELOG, 6L));
        context.setProcessorMetadata(new ProcessorMetadata());
        commitAndClose(restored, Map.of(CHANGELOG, 6L));
        assertThat(open(disk.afterCrash(random), EXACTLY_ONCE).rows()).isEqualTo(Map.of("a", "1"));
    }

    @Test
    void aCloseThatDropsRowsKeepsTheMark() {
        CrashFileStore disk = closedStore();
        Rows dropping = open(disk, EXACTLY_ONCE);
        dropping.delete("a");
        dropping.close();
        assertEmpty(open(disk, EXACTLY_ONCE));
    }

    @Test
    void whoeverOpensAMarkedStoreFindsItEmpty() {
        CrashFileStore disk = closedStore();
        Rows killed = open(disk, EXACTLY_ONCE);
        killed.put("c", "2");
        CrashFileStore once = disk.afterKill();
        CrashFileStore rewritten = disk.afterKill();
        killed.close();
        Rows atLeastOnce = open(once, AT_LEAST_ONCE);
        assertEmpty(atLeastOnce);
        atLeastOnce.put("d", "3");
        commitAndClose(atLeastOnce, Map.of());
        assertThat(open(once, AT_LEAST_ONCE).rows()).isEqualTo(Map.of("d", "3"));
        assertEmpty(open(rewritten, EXACTLY_ONCE, TIMESTAMPED));
    }

    @Test
    void aStoreThatIsRewrittenIsMarkedAsWell() {
        CrashFileStore disk = closedStore();
        Rows killed = open(disk, EXACTLY_ONCE, TIMESTAMPED);
        assertThat(killed.rows()).containsOnlyKeys("a", "b");
        killed.put("c", "2");
        CrashFileStore left = disk.afterKill();
        commitAndClose(killed, Map.of());
        assertEmpty(open(left, EXACTLY_ONCE, TIMESTAMPED));
        assertThat(open(disk, EXACTLY_ONCE, TIMESTAMPED).rows()).containsOnlyKeys("a", "b", "c");
    }

    @Test
    void atLeastOnceKeepsWhatWasCommitted() {
        CrashFileStore disk = closedStore();
        Rows killed = open(disk, AT_LEAST_ONCE);
        killed.put("c", "2");
        CrashFileStore left = kill(disk, killed);
        assertThat(open(left, AT_LEAST_ONCE).rows()).isEqualTo(Map.of("a", "1", "b", "1"));
    }

    @Test
    void aStoreWithChangelogKeepsWhatWasCommitted() {
        CrashFileStore disk = new CrashFileStore();
        Rows killed = openWithChangelog(disk);
        killed.put("a", "1");
        killed.commit(Map.of(CHANGELOG, 5L));
        DurableCommits.await(killed);
        killed.put("b", "1");
        CrashFileStore left = kill(disk, killed);
        Rows store = openWithChangelog(left);
        assertThat(store.rows()).isEqualTo(Map.of("a", "1"));
        assertThat(store.committedOffset(CHANGELOG)).isEqualTo(5L);
    }
}
