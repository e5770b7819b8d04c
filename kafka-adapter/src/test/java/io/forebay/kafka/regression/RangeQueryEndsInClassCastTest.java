package io.forebay.kafka.regression;

import static io.forebay.kafka.TestContexts.logged;
import static io.forebay.kafka.TestContexts.open;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.kafka.ForebayStores;
import java.io.File;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.query.KeyQuery;
import org.apache.kafka.streams.query.PositionBound;
import org.apache.kafka.streams.query.Query;
import org.apache.kafka.streams.query.QueryConfig;
import org.apache.kafka.streams.query.QueryResult;
import org.apache.kafka.streams.query.RangeQuery;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.TimestampedKeyValueStore;
import org.apache.kafka.streams.state.ValueAndTimestamp;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A {@code RangeQuery} of a table whose supplier keeps plain values, so that Kafka puts an adapter above the store, ended in a
 * {@code ClassCastException} of that adapter.
 */
class RangeQueryEndsInClassCastTest {
    private static final RangeQuery<String, String> ALL = RangeQuery.withNoBounds();

    @TempDir
    File dir;

    private TimestampedKeyValueStore<String, String> table(KeyValueBytesStoreSupplier supplier) {
        TimestampedKeyValueStore<String, String> table = open(
                Stores.timestampedKeyValueStoreBuilder(supplier, Serdes.String(), Serdes.String())
                        .build(),
                logged(dir, "s"));
        table.put("k", ValueAndTimestamp.make("v", 7));
        return table;
    }

    private static <R> QueryResult<R> query(TimestampedKeyValueStore<String, String> table, Query<R> query) {
        return table.query(query, PositionBound.unbounded(), new QueryConfig(false));
    }

    @Test
    void aRangeQueryOfPlainValuesFailsByNameAndOthersAreAnswered() {
        var table = table(ForebayStores.persistentKeyValueStore("s"));
        var range = query(table, ALL);
        assertThat(range.isFailure()).isTrue();
        assertThat(range.getFailureMessage()).contains("Store s").contains("persistentTimestampedKeyValueStore");
        KeyQuery<String, String> key = KeyQuery.withKey("k");
        assertThat(query(table, key).getResult()).isEqualTo("v");
        table.close();
    }

    @Test
    void aRangeQueryOfValuesWithTimestampsIsAnswered() {
        var table = table(ForebayStores.persistentTimestampedKeyValueStore("s"));
        try (KeyValueIterator<String, String> rows = query(table, ALL).getResult()) {
            assertThat(rows.next().value).isEqualTo("v");
            assertThat(rows.hasNext()).isFalse();
        }
        table.close();
    }
}
