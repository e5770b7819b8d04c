package io.forebay.kafka.regression;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.kafka.ForebayStores;
import io.forebay.kafka.TestContexts;
import java.io.File;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.internals.ProcessorRecordContext;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.WindowStoreIterator;
import org.apache.kafka.test.InternalMockProcessorContext;
import org.apache.kafka.test.MockRecordCollector;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A window store that keeps duplicates, as those of joins, began its numbers anew when its task was revived, and overwrote rows
 * of the same key and time: Kafka opens the same objects again.
 */
class RevivedTaskOverwritesDuplicatesTest {
    private static final long TIME = 1000;

    @TempDir
    File dir;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void rowsOfOneKeyAndTimeAreAllKept(boolean wiped) throws Exception {
        InternalMockProcessorContext<Object, Object> context = TestContexts.logged(dir, "join");
        context.setRecordContext(new ProcessorRecordContext(TIME, 0, 0, "topic", new RecordHeaders()));
        WindowStore<String, String> store = Stores.windowStoreBuilder(
                        ForebayStores.persistentWindowStore("join", Duration.ofHours(1), Duration.ofMinutes(1), true),
                        Serdes.String(),
                        Serdes.String())
                .withCachingDisabled()
                .withLoggingEnabled(Map.of())
                .build();
        store.init(context, store);
        store.put("key", "1", TIME);
        store.put("key", "2", TIME);
        store.commit(Map.of(new TopicPartition("join-changelog", 0), 1L));
        store.close();
        if (wiped) {
            Utils.delete(dir);
            assertThat(dir.mkdirs()).isTrue();
        }
        store.init(context, store);
        if (wiped) {
            context.restore("join", changelog(context));
        }
        store.put("key", "3", TIME);
        store.put("key", "4", TIME);
        assertThat(values(store)).containsExactly("1", "2", "3", "4");
        store.close();
    }

    private static List<KeyValue<byte[], byte[]>> changelog(InternalMockProcessorContext<Object, Object> context) {
        List<KeyValue<byte[], byte[]>> records = new ArrayList<>();
        ((MockRecordCollector) context.recordCollector())
                .collected()
                .forEach(record -> records.add(KeyValue.pair(((Bytes) record.key()).get(), (byte[]) record.value())));
        return records;
    }

    private static List<String> values(WindowStore<String, String> store) {
        List<String> values = new ArrayList<>();
        try (WindowStoreIterator<String> rows = store.fetch("key", 0, TIME)) {
            rows.forEachRemaining(row -> values.add(row.value));
        }
        return values;
    }
}
