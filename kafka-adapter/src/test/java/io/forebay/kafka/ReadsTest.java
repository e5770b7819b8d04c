package io.forebay.kafka;

import static io.forebay.kafka.StoreFlavour.bytes;
import static io.forebay.kafka.TestContexts.open;
import static io.forebay.kafka.TestContexts.processing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import org.apache.kafka.common.serialization.BytesSerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.query.Position;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.WindowStoreIterator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What iterators show, and how they end. */
@Tag("smoke")
class ReadsTest extends ReadStores {
    @Test
    void prefixScansEndWhereThePrefixEnds() {
        KeyValueStore<Bytes, byte[]> store = keyValue();
        Bytes ff = Bytes.wrap(new byte[] {(byte) 0xFF});
        Bytes ffff = Bytes.wrap(new byte[] {(byte) 0xFF, (byte) 0xFF});
        Bytes zero = Bytes.wrap(new byte[] {0});
        Bytes empty = Bytes.wrap(new byte[0]);
        for (Bytes key : List.of(empty, zero, bytes("a"), bytes("aa"), bytes("ab"), bytes("b"), ff, ffff)) {
            store.put(key, value(1));
        }
        assertThat(keys(store.prefixScan(bytes("a"), new BytesSerializer())))
                .containsExactly(bytes("a"), bytes("aa"), bytes("ab"));
        assertThat(keys(store.prefixScan(ff, new BytesSerializer()))).containsExactly(ff, ffff);
        assertThat(keys(store.prefixScan(zero, new BytesSerializer()))).containsExactly(zero);
        assertThat(keys(store.prefixScan(bytes("c"), new BytesSerializer()))).isEmpty();
        assertThat(keys(store.prefixScan(empty, new BytesSerializer()))).hasSize(8);
        assertThat(keys(store.range(ff, ff))).containsExactly(ff);
        assertThat(keys(store.reverseRange(empty, zero))).containsExactly(zero, empty);
        store.close();
    }

    @Test
    void putAllIsOneStepAndLaterEntriesWin() {
        KeyValueStore<Bytes, byte[]> store = keyValue();
        store.put(bytes("x"), value(0));
        store.putAll(List.of(
                KeyValue.pair(bytes("a"), value(1)),
                KeyValue.pair(bytes("x"), null),
                KeyValue.pair(bytes("a"), value(2))));
        assertThat(store.get(bytes("a"))).containsExactly(2);
        assertThat(store.get(bytes("x"))).isNull();
        List<KeyValue<Bytes, byte[]>> withNullKey = new ArrayList<>();
        withNullKey.add(KeyValue.pair(bytes("b"), value(1)));
        withNullKey.add(KeyValue.pair(null, value(1)));
        assertThatThrownBy(() -> store.putAll(withNullKey)).isInstanceOf(NullPointerException.class);
        assertThat(store.get(bytes("b")))
                .as("nothing of a batch that is refused")
                .isNull();
        store.close();
    }

    @Test
    void putAllAndRestoreMoveThePositionOnce() {
        KeyValueStore<Bytes, byte[]> store = keyValue();
        processing(context, "in", 3, 17);
        store.putAll(List.of(KeyValue.pair(bytes("a"), value(1)), KeyValue.pair(bytes("b"), value(2))));
        assertThat(store.getPosition()).isEqualTo(Position.emptyPosition().withComponent("in", 3, 17));
        store.close();
    }

    @Test
    void aKeyValueIteratorSeesTheStoreAsItWas() {
        KeyValueStore<Bytes, byte[]> store = keyValue();
        store.put(bytes("a"), value(1));
        store.put(bytes("c"), value(3));
        try (KeyValueIterator<Bytes, byte[]> rows = store.all()) {
            store.put(bytes("a"), value(9));
            store.put(bytes("b"), value(9));
            store.delete(bytes("c"));
            assertThat(rows.peekNextKey()).isEqualTo(bytes("a"));
            assertThat(rows.next().value).containsExactly(1);
            assertThat(rows.next().key).isEqualTo(bytes("c"));
            assertThat(rows.hasNext()).isFalse();
            assertThatThrownBy(rows::next).isInstanceOf(NoSuchElementException.class);
            assertThatThrownBy(rows::peekNextKey).isInstanceOf(NoSuchElementException.class);
        }
        store.close();
    }

    @Test
    void aKeyValueIteratorThatOutlivesTheStoreFailsAndCloses() {
        KeyValueStore<Bytes, byte[]> store = keyValue();
        store.put(bytes("a"), value(1));
        store.put(bytes("b"), value(1));
        KeyValueIterator<Bytes, byte[]> used = store.all();
        used.next();
        KeyValueIterator<Bytes, byte[]> fresh = store.reverseAll();
        store.close();
        assertThatThrownBy(used::hasNext).isInstanceOf(InvalidStateStoreException.class);
        assertThatThrownBy(fresh::next).isInstanceOf(InvalidStateStoreException.class);
        used.close();
        fresh.close();
        assertThatThrownBy(used::hasNext).isInstanceOf(InvalidStateStoreException.class);
    }

    @Test
    void windowAndSessionIteratorsThatOutliveTheStoreEnd() {
        WindowStore<Bytes, byte[]> windows = windows(false);
        windows.put(bytes("a"), value(1), 10);
        windows.put(bytes("a"), value(2), 20);
        WindowStoreIterator<byte[]> used = windows.fetch(bytes("a"), 0, 100);
        used.next();
        KeyValueIterator<Windowed<Bytes>, byte[]> fresh = windows.all();
        windows.close();
        assertThat(used.hasNext()).isFalse();
        assertThat(fresh.hasNext()).isFalse();
        assertThatThrownBy(used::next).isInstanceOf(NoSuchElementException.class);
        used.close();
        fresh.close();
    }

    @Test
    void anIteratorThatIsNotClosedDoesNotKeepTheStoreFromClosingAndOpening() {
        KeyValueStore<Bytes, byte[]> store = keyValue();
        store.put(bytes("a"), value(1));
        store.commit(Map.of());
        KeyValueIterator<Bytes, byte[]> leaked = store.all();
        assertThat(leaked.hasNext()).isTrue();
        store.close();
        KeyValueStore<Bytes, byte[]> again = keyValue();
        assertThat(again.get(bytes("a"))).containsExactly(1);
        again.close();
    }

    @Test
    void duplicatesAreKeptApartAndCannotBeDeleted() {
        WindowStore<Bytes, byte[]> store = windows(true);
        store.put(bytes("a"), value(1), 10);
        store.put(bytes("a"), value(2), 10);
        store.put(bytes("a"), null, 10);
        store.put(bytes("a"), value(3), 10);
        List<Integer> values = new ArrayList<>();
        try (WindowStoreIterator<byte[]> rows = store.fetch(bytes("a"), 10, 10)) {
            rows.forEachRemaining(row -> values.add((int) row.value[0]));
        }
        assertThat(values).containsExactly(1, 2, 3);
        try (WindowStoreIterator<byte[]> rows = store.backwardFetch(bytes("a"), 10, 10)) {
            assertThat(rows.next().value).containsExactly(3);
        }
        store.close();
    }

    @Test
    void aWindowThatWouldEndAfterTheEndOfTimeEndsThere() {
        WindowStore<Bytes, byte[]> store = open(
                ForebayStores.persistentWindowStore(
                                "s", Duration.ofMillis(Long.MAX_VALUE), Duration.ofMillis(Long.MAX_VALUE), false)
                        .get(),
                context);
        store.put(bytes("a"), value(1), 5);
        assertThat(keys(store.all()).get(0).window().end()).isEqualTo(Long.MAX_VALUE);
        store.close();
    }
}
