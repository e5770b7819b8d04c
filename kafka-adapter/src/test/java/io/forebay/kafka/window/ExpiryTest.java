package io.forebay.kafka.window;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.kafka.ForebayStores;
import io.forebay.kafka.TestContexts;
import io.forebay.kafka.state.EngineRows;
import io.forebay.store.KeyRange;
import io.forebay.store.StoreIterator;
import java.io.File;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.query.Position;
import org.apache.kafka.streams.state.WindowStoreIterator;
import org.apache.kafka.streams.state.internals.PositionSerde;
import org.apache.kafka.streams.state.internals.WindowKeySchema;
import org.apache.kafka.test.InternalMockProcessorContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What expires when: per row for reads, per segment for writes and on disk. Retention 4 minutes, segments 2 minutes. */
class ExpiryTest {
    private static final long RETENTION = 240_000;
    private static final long SEGMENT = 120_000;
    private static final Bytes KEY = Bytes.wrap(new byte[] {'k'});
    private static final TopicPartition CHANGELOG = new TopicPartition("changelog", 0);

    @TempDir
    File dir;

    private InternalMockProcessorContext<Object, Object> context;
    private ForebayWindowStore store;

    @BeforeEach
    void openStore() {
        open(Map.of());
    }

    private void open(Map<String, ?> settings) {
        context = TestContexts.unlogged(dir, settings);
        store = TestContexts.open(
                (ForebayWindowStore) ForebayStores.persistentWindowStore(
                                "s", Duration.ofMillis(RETENTION), Duration.ofSeconds(1), false)
                        .get(),
                context);
    }

    private void put(long time) {
        store.put(KEY, new byte[] {1}, time);
    }

    private List<Long> visible() {
        List<Long> times = new ArrayList<>();
        try (WindowStoreIterator<byte[]> rows = store.fetch(KEY, 0, Long.MAX_VALUE)) {
            rows.forEachRemaining(row -> times.add(row.key));
        }
        return times;
    }

    private List<Long> stored() {
        List<Long> times = new ArrayList<>();
        try (StoreIterator rows = EngineRows.of(store, KeyRange.all())) {
            for (rows.seekToFirst(); rows.isValid(); rows.next()) {
                times.add(RowFormat.time(rows.keyArray(), RowFormat.WINDOW.keyLength(rows.keyLength())));
            }
        }
        return times;
    }

    private double dropped() {
        return context.metrics().metrics().values().stream()
                .filter(metric -> metric.metricName().name().equals("dropped-records-total"))
                .map(Metric::metricValue)
                .mapToDouble(Double.class::cast)
                .sum();
    }

    @Test
    void readsHideARowExactlyWhenItsRetentionIsOver() {
        put(1000);
        put(1000 + RETENTION - 1);
        assertThat(visible()).containsExactly(1000L, 1000 + RETENTION - 1);
        assertThat(store.fetch(KEY, 1000)).isNotNull();
        put(1000 + RETENTION);
        assertThat(visible()).containsExactly(1000 + RETENTION - 1, 1000 + RETENTION);
        assertThat(store.fetch(KEY, 1000)).isNull();
        assertThat(stored()).as("its segment lives on").contains(1000L);
        store.close();
    }

    @Test
    void segmentsGoAsAWholeOnceAPutMovesStreamTimePastThem() {
        put(0);
        put(SEGMENT - 1);
        put(SEGMENT);
        put(RETENTION + SEGMENT - 1);
        assertThat(stored()).containsExactly(0L, SEGMENT - 1, SEGMENT, RETENTION + SEGMENT - 1);
        put(RETENTION + SEGMENT);
        assertThat(stored()).containsExactly(SEGMENT, RETENTION + SEGMENT - 1, RETENTION + SEGMENT);
        put(100 * SEGMENT);
        assertThat(stored()).containsExactly(100 * SEGMENT);
        store.close();
    }

    @Test
    void lateRowsAreDroppedPerSegmentAndCounted() {
        put(RETENTION + SEGMENT + 5);
        put(SEGMENT - 1);
        assertThat(dropped()).isEqualTo(1);
        put(SEGMENT);
        assertThat(dropped())
                .as("its segment is live, although it is hidden itself")
                .isEqualTo(1);
        assertThat(stored()).containsExactly(SEGMENT, RETENTION + SEGMENT + 5);
        assertThat(visible()).containsExactly(RETENTION + SEGMENT + 5);
        store.close();
    }

    @Test
    void aDroppedRowDoesNotMoveThePosition() {
        TestContexts.processing(context, "in", 0, 1);
        put(10 * SEGMENT);
        TestContexts.processing(context, "in", 0, 2);
        put(0);
        assertThat(store.getPosition()).isEqualTo(Position.emptyPosition().withComponent("in", 0, 1));
        store.close();
    }

    @Test
    void streamTimeBeginsAnewWithAnOpenSoThatALateRecordFindsWhatItBelongsTo() {
        put(1000);
        put(1000 + RETENTION);
        assertThat(store.fetch(KEY, 1000)).isNull();
        store.commit(Map.of(CHANGELOG, 2L));
        store.close();
        open(Map.of());
        assertThat(store.fetch(KEY, 1000)).isNotNull();
        assertThat(visible()).as("no walk ends before the highest row").containsExactly(1000L, 1000 + RETENTION);
        put(1001);
        assertThat(visible()).containsExactly(1000L, 1001L, 1000 + RETENTION);
        put(1000 + RETENTION);
        assertThat(visible()).containsExactly(1001L, 1000 + RETENTION);
        put(3 * SEGMENT);
        put(0);
        assertThat(dropped()).isEqualTo(1);
        assertThat(stored()).containsExactly(1000 + RETENTION, 3 * SEGMENT);
        store.close();
    }

    @Test
    void aRestoreAfterAnOpenMovesStreamTime() {
        put(1000);
        store.commit(Map.of(CHANGELOG, 1L));
        store.close();
        open(Map.of());
        context.restore(
                "s",
                List.of(org.apache.kafka.streams.KeyValue.pair(
                        WindowKeySchema.toStoreKeyBinary(KEY, 1000 + RETENTION, 0)
                                .get(),
                        new byte[] {1})));
        assertThat(stored()).contains(1000L);
        assertThat(visible()).containsExactly(1000 + RETENTION);
        assertThat(store.fetch(KEY, 1000)).isNull();
        store.close();
    }

    @Test
    void aRestoreDropsExpiredRowsWithoutCountingThem() {
        List<org.apache.kafka.streams.KeyValue<byte[], byte[]>> changelog = new ArrayList<>();
        for (long time = 0; time <= 20 * SEGMENT; time += SEGMENT / 2) {
            changelog.add(org.apache.kafka.streams.KeyValue.pair(
                    WindowKeySchema.toStoreKeyBinary(KEY, time, 0).get(), new byte[] {1}));
        }
        context.restore("s", changelog);
        assertThat(stored())
                .containsExactly(
                        18 * SEGMENT,
                        18 * SEGMENT + SEGMENT / 2,
                        19 * SEGMENT,
                        19 * SEGMENT + SEGMENT / 2,
                        20 * SEGMENT);
        assertThat(visible()).doesNotContain(18 * SEGMENT);
        assertThat(dropped()).isZero();
        context.restore(
                "s",
                List.of(org.apache.kafka.streams.KeyValue.pair(
                        WindowKeySchema.toStoreKeyBinary(KEY, 40 * SEGMENT, 0).get(), new byte[] {1})));
        assertThat(stored()).containsExactly(40 * SEGMENT);
        store.close();
    }

    @Test
    void aRestoreMergesThePositionsOfTheRowsItKeeps() {
        store.close();
        open(Map.of("__iq.consistency.offset.vector.enabled__", true));
        context.restoreWithHeaders(
                "s",
                List.of(
                        changelogRecord(0, "expired", 1),
                        changelogRecord(20 * SEGMENT, "in", 7),
                        changelogRecord(20 * SEGMENT, "in", 9)));
        Position expected = Position.emptyPosition().withComponent("in", 0, 9);
        assertThat(store.getPosition()).isEqualTo(expected);
        store.commit(Map.of(CHANGELOG, 3L));
        store.close();
        open(Map.of());
        assertThat(store.getPosition()).isEqualTo(expected);
        store.close();
    }

    private static ConsumerRecord<byte[], byte[]> changelogRecord(long time, String topic, long offset) {
        RecordHeaders headers = new RecordHeaders();
        headers.add("v", new byte[] {0});
        headers.add(
                "c",
                PositionSerde.serialize(Position.emptyPosition().withComponent(topic, 0, offset))
                        .array());
        byte[] key = WindowKeySchema.toStoreKeyBinary(KEY, time, 0).get();
        byte[] value = {1};
        return new ConsumerRecord<>(
                "changelog",
                0,
                offset,
                time,
                TimestampType.CREATE_TIME,
                key.length,
                value.length,
                key,
                value,
                headers,
                java.util.Optional.empty());
    }

    @Test
    void anOpenIteratorKeepsShowingWhatExpiresMeanwhile() {
        put(0);
        put(1);
        try (WindowStoreIterator<byte[]> rows = store.fetch(KEY, 0, Long.MAX_VALUE)) {
            assertThat(rows.next().key).isZero();
            put(100 * SEGMENT);
            assertThat(rows.next().key).isEqualTo(1);
            assertThat(rows.hasNext()).isFalse();
        }
        assertThat(visible()).containsExactly(100 * SEGMENT);
        store.close();
    }

    @Test
    void aRetentionOfAllTimeKeepsEverything() {
        store.close();
        store = TestContexts.open(
                (ForebayWindowStore) ForebayStores.persistentWindowStore(
                                "all", Duration.ofMillis(Long.MAX_VALUE), Duration.ofSeconds(1), false)
                        .get(),
                context);
        put(0);
        put(Long.MAX_VALUE - 1);
        assertThat(visible()).containsExactly(0L, Long.MAX_VALUE - 1);
        store.close();
    }
}
