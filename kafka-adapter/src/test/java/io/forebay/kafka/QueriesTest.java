package io.forebay.kafka;

import static io.forebay.kafka.StoreFlavour.bytes;
import static io.forebay.kafka.TestContexts.open;
import static io.forebay.kafka.TestContexts.processing;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.internals.SessionWindow;
import org.apache.kafka.streams.query.FailureReason;
import org.apache.kafka.streams.query.KeyQuery;
import org.apache.kafka.streams.query.Position;
import org.apache.kafka.streams.query.PositionBound;
import org.apache.kafka.streams.query.QueryConfig;
import org.apache.kafka.streams.query.QueryResult;
import org.apache.kafka.streams.query.RangeQuery;
import org.apache.kafka.streams.query.WindowKeyQuery;
import org.apache.kafka.streams.query.WindowRangeQuery;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.WindowStoreIterator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Interactive queries of each kind of store. */
@Tag("smoke")
class QueriesTest extends ReadStores {
    private static final QueryConfig QUERY = new QueryConfig(true);

    @Test
    void keyAndRangeQueries() {
        KeyValueStore<Bytes, byte[]> store = keyValue();
        processing(context, "in", 0, 5);
        store.put(bytes("a"), value(1));
        store.put(bytes("b"), value(2));
        QueryResult<byte[]> one = store.query(KeyQuery.withKey(bytes("a")), PositionBound.unbounded(), QUERY);
        assertThat(one.getResult()).containsExactly(1);
        assertThat(one.getPosition()).isEqualTo(Position.emptyPosition().withComponent("in", 0, 5));
        assertThat(one.getExecutionInfo()).isNotEmpty();
        RangeQuery<Bytes, byte[]> all = RangeQuery.withNoBounds();
        assertThat(keys(store.query(all, PositionBound.unbounded(), QUERY).getResult()))
                .containsExactly(bytes("a"), bytes("b"));
        RangeQuery<Bytes, byte[]> descending =
                RangeQuery.<Bytes, byte[]>withUpperBound(bytes("b")).withDescendingKeys();
        assertThat(keys(store.query(descending, PositionBound.unbounded(), QUERY)
                        .getResult()))
                .containsExactly(bytes("b"), bytes("a"));
        store.close();
    }

    @Test
    void aQueryWaitsForNoPositionThatIsNotThereYet() {
        KeyValueStore<Bytes, byte[]> store = keyValue();
        processing(context, "in", 0, 5);
        store.put(bytes("a"), value(1));
        Position reached = Position.emptyPosition().withComponent("in", 0, 5);
        Position ahead = Position.emptyPosition().withComponent("in", 0, 6);
        assertThat(store.query(KeyQuery.withKey(bytes("a")), PositionBound.at(reached), QUERY)
                        .isSuccess())
                .isTrue();
        QueryResult<byte[]> early = store.query(KeyQuery.withKey(bytes("a")), PositionBound.at(ahead), QUERY);
        assertThat(early.isFailure()).isTrue();
        assertThat(early.getFailureReason()).isEqualTo(FailureReason.NOT_UP_TO_BOUND);
        store.close();
    }

    /** Through Kafka's metered store, because a window key query swaps its bounds each time it is made from another. */
    @Test
    void windowKeyAndWindowRangeQueries() {
        WindowStore<Bytes, byte[]> store = open(
                Stores.windowStoreBuilder(
                                ForebayStores.persistentWindowStore(
                                        "s", Duration.ofHours(1), Duration.ofSeconds(1), false),
                                Serdes.Bytes(),
                                Serdes.ByteArray())
                        .withLoggingDisabled()
                        .build(),
                context);
        store.put(bytes("a"), value(1), 10);
        store.put(bytes("a"), value(2), 20);
        store.put(bytes("b"), value(3), 20);
        WindowKeyQuery<Bytes, byte[]> ofKey = WindowKeyQuery.withKeyAndWindowStartRange(
                bytes("a"), Instant.ofEpochMilli(0), Instant.ofEpochMilli(15));
        try (WindowStoreIterator<byte[]> rows =
                store.query(ofKey, PositionBound.unbounded(), QUERY).getResult()) {
            assertThat(rows.next().key).isEqualTo(10);
            assertThat(rows.hasNext()).isFalse();
        }
        WindowRangeQuery<Bytes, byte[]> range =
                WindowRangeQuery.withWindowStartRange(Instant.ofEpochMilli(20), Instant.ofEpochMilli(30));
        assertThat(keys(store.query(range, PositionBound.unbounded(), QUERY).getResult()))
                .extracting(Windowed::key)
                .containsExactly(bytes("a"), bytes("b"));
        QueryResult<byte[]> unknown = store.query(KeyQuery.withKey(bytes("a")), PositionBound.unbounded(), QUERY);
        assertThat(unknown.getFailureReason()).isEqualTo(FailureReason.UNKNOWN_QUERY_TYPE);
        store.close();
    }

    @Test
    void sessionRangeQueries() {
        SessionStore<Bytes, byte[]> store = sessions();
        store.put(new Windowed<>(bytes("a"), new SessionWindow(0, 10)), value(1));
        store.put(new Windowed<>(bytes("b"), new SessionWindow(0, 10)), value(2));
        WindowRangeQuery<Bytes, byte[]> ofKey = WindowRangeQuery.withKey(bytes("a"));
        assertThat(keys(store.query(ofKey, PositionBound.unbounded(), QUERY).getResult()))
                .extracting(Windowed::key)
                .containsExactly(bytes("a"));
        store.close();
    }

    @Test
    void aQueryOnAClosedStoreFails() {
        KeyValueStore<Bytes, byte[]> store = keyValue();
        store.close();
        QueryResult<byte[]> result = store.query(KeyQuery.withKey(bytes("a")), PositionBound.unbounded(), QUERY);
        assertThat(result.getFailureReason()).isEqualTo(FailureReason.STORE_EXCEPTION);
        assertThat(result.getFailureMessage()).contains("Store s is currently closed");
    }
}
