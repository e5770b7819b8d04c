package io.forebay.kafka.window;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.kafka.TestContexts;
import io.forebay.kafka.config.ForebayConfig;
import io.forebay.kafka.offsets.ValueFormat;
import io.forebay.kafka.state.EngineRows;
import io.forebay.kafka.state.TimeRow;
import io.forebay.store.KeyRange;
import io.forebay.store.StoreIterator;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.internals.WindowKeySchema;
import org.apache.kafka.test.InternalMockProcessorContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is kept until it was emitted, where no operator emits it; where one does: EmitFinalTest. Retention: 1 minute. */
class UnemittedTest {
    private static final long MINUTE = 60_000;
    private static final Bytes KEY = Bytes.wrap(new byte[] {'k'});

    @TempDir
    File dir;

    private InternalMockProcessorContext<Object, Object> context;
    private ForebayWindowStore store;

    private void open(Map<String, ?> settings) {
        context = TestContexts.unlogged(dir, settings);
        store = TestContexts.open(
                (ForebayWindowStore) WindowSupplier.readWhenClosed("s", ValueFormat.PLAIN, MINUTE, 1, false, true)
                        .get(),
                context);
    }

    private void put(long time) {
        store.put(KEY, new byte[] {1}, time);
    }

    private List<Long> stored() {
        List<Long> times = new ArrayList<>();
        try (StoreIterator rows = EngineRows.of(store, new KeyRange(TimeRow.bound(0), null))) {
            for (rows.seekToFirst(); rows.isValid(); rows.next()) {
                times.add(TimeRow.time(rows.keyArray()));
            }
        }
        return times;
    }

    private void restore(long... times) {
        List<KeyValue<byte[], byte[]>> changelog = new ArrayList<>();
        for (long time : times) {
            changelog.add(
                    KeyValue.pair(WindowKeySchema.toStoreKeyBinary(KEY, time, 0).get(), new byte[] {1}));
        }
        context.restore("s", changelog);
    }

    @Test
    void rowsStayAlsoOverARestartAndReadsByOthersNeitherShowNorFreeThem() {
        open(Map.of(ForebayConfig.KEEP_UNTIL_EMITTED_CONFIG, "true"));
        put(0);
        put(1_000 * MINUTE);
        store.commit(Map.of(new TopicPartition("changelog", 0), 2L));
        store.close();
        open(Map.of(ForebayConfig.KEEP_UNTIL_EMITTED_CONFIG, true));
        put(2_000 * MINUTE);
        List<Long> shown = new ArrayList<>();
        try (KeyValueIterator<org.apache.kafka.streams.kstream.Windowed<Bytes>, byte[]> rows =
                store.fetchAll(0, Long.MAX_VALUE)) {
            rows.forEachRemaining(row -> shown.add(row.key.window().start()));
        }
        assertThat(shown).containsExactly(2_000 * MINUTE);
        put(3_000 * MINUTE);
        assertThat(stored()).containsExactly(0L, 1_000 * MINUTE, 2_000 * MINUTE, 3_000 * MINUTE);
        store.close();
    }

    @Test
    void byDefaultNothingIsKept() {
        open(Map.of());
        put(0);
        put(1_000 * MINUTE);
        assertThat(stored()).containsExactly(1_000 * MINUTE);
        store.close();
    }

    @Test
    void aRestoreKeepsWhatTheChangelogKeeps() {
        open(Map.of(
                ForebayConfig.KEEP_UNTIL_EMITTED_CONFIG,
                true,
                StreamsConfig.WINDOW_STORE_CHANGE_LOG_ADDITIONAL_RETENTION_MS_CONFIG,
                100 * MINUTE));
        restore(0, 900 * MINUTE, 950 * MINUTE, 1_000 * MINUTE);
        assertThat(stored()).containsExactly(900 * MINUTE, 950 * MINUTE, 1_000 * MINUTE);
        restore(1_040 * MINUTE);
        assertThat(stored()).containsExactly(950 * MINUTE, 1_000 * MINUTE, 1_040 * MINUTE);
        store.close();
    }

    @Test
    void aRestoreKeepsEverythingWhenTheChangelogDoes() {
        open(Map.of(
                ForebayConfig.KEEP_UNTIL_EMITTED_CONFIG,
                true,
                StreamsConfig.WINDOW_STORE_CHANGE_LOG_ADDITIONAL_RETENTION_MS_CONFIG,
                Long.MAX_VALUE));
        restore(0, 1_000_000 * MINUTE);
        assertThat(stored()).containsExactly(0L, 1_000_000 * MINUTE);
        store.close();
    }
}
