package io.forebay.kafka;

import static io.forebay.kafka.TestContexts.logged;
import static io.forebay.kafka.TestContexts.open;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.kafka.offsets.ValueFormat;
import io.forebay.kafka.window.SessionSupplier;
import io.forebay.kafka.window.WindowSupplier;
import java.io.File;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.streams.errors.ProcessorStateException;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.internals.SessionWindow;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.internals.ListValueStoreBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store that the application now opens with another value format, another retention or as another kind. */
class LayoutChangeTest {
    private static final TopicPartition CHANGELOG = new TopicPartition("changelog", 0);
    private static final String NO_TIMESTAMP = "ffffffffffffffff";
    private static final String NO_HEADERS = "00";

    @TempDir
    File dir;

    private static Bytes key(int i) {
        return Bytes.wrap(new byte[] {(byte) i});
    }

    private static String hex(byte[] value) {
        return value == null ? null : HexFormat.of().formatHex(value);
    }

    private KeyValueStore<Bytes, byte[]> keyValue(Function<String, KeyValueBytesStoreSupplier> supplier) {
        return open(supplier.apply("s").get(), logged(dir, "s"));
    }

    @Test
    void keyValuesGetTimestampsAndThenHeaders() {
        KeyValueStore<Bytes, byte[]> plain = keyValue(ForebayStores::persistentKeyValueStore);
        for (int i = 0; i < 100; i++) {
            plain.put(key(i), new byte[] {(byte) i});
        }
        plain.commit(Map.of(CHANGELOG, 100L));
        plain.close();

        KeyValueStore<Bytes, byte[]> timestamped = keyValue(ForebayStores::persistentTimestampedKeyValueStore);
        assertThat(timestamped.committedOffset(CHANGELOG)).isEqualTo(100);
        assertThat(hex(timestamped.get(key(0x2a)))).isEqualTo(NO_TIMESTAMP + "2a");
        timestamped.close();

        timestamped = keyValue(ForebayStores::persistentTimestampedKeyValueStore);
        assertThat(hex(timestamped.get(key(0x2a)))).as("rewritten once").isEqualTo(NO_TIMESTAMP + "2a");
        timestamped.close();

        KeyValueStore<Bytes, byte[]> headers = keyValue(ForebayStores::persistentTimestampedKeyValueStoreWithHeaders);
        assertThat(headers.committedOffset(CHANGELOG)).isEqualTo(100);
        int rows = 0;
        try (KeyValueIterator<Bytes, byte[]> all = headers.all()) {
            while (all.hasNext()) {
                var row = all.next();
                assertThat(hex(row.value)).isEqualTo(NO_HEADERS + NO_TIMESTAMP + hex(row.key.get()));
                rows++;
            }
        }
        assertThat(rows).isEqualTo(100);
        headers.close();
    }

    @Test
    void plainKeyValuesGetHeadersAtOnce() {
        KeyValueStore<Bytes, byte[]> plain = keyValue(ForebayStores::persistentKeyValueStore);
        plain.put(key(1), new byte[] {7});
        plain.commit(Map.of(CHANGELOG, 1L));
        plain.close();
        KeyValueStore<Bytes, byte[]> headers = keyValue(ForebayStores::persistentTimestampedKeyValueStoreWithHeaders);
        assertThat(hex(headers.get(key(1)))).isEqualTo(NO_HEADERS + NO_TIMESTAMP + "07");
        headers.close();
    }

    @Test
    void aFormatThatHoldsLessIsRefusedAndNothingChanges() {
        KeyValueStore<Bytes, byte[]> timestamped = keyValue(ForebayStores::persistentTimestampedKeyValueStore);
        timestamped.put(key(1), new byte[9]);
        timestamped.commit(Map.of(CHANGELOG, 1L));
        timestamped.close();
        assertThatThrownBy(() -> keyValue(ForebayStores::persistentKeyValueStore))
                .isInstanceOf(ProcessorStateException.class)
                .hasMessageContaining("TIMESTAMPED")
                .hasMessageContaining("PLAIN")
                .hasMessageContaining("changelog");
        timestamped = keyValue(ForebayStores::persistentTimestampedKeyValueStore);
        assertThat(timestamped.get(key(1))).hasSize(9);
        timestamped.close();
    }

    /** Outer joins keep the values of a key in one list; a later Kafka gives each of them headers. */
    @Test
    void aListOfValuesIsNotTakenForOneValue() {
        KeyValueStore<Integer, String> list = lists(ForebayStores.persistentKeyValueStore("s"));
        list.put(1, "a");
        list.put(1, "b");
        list.commit(Map.of(CHANGELOG, 2L));
        list.close();
        assertThatThrownBy(() -> lists(ForebayStores.persistentTimestampedKeyValueStoreWithHeaders("s")))
                .isInstanceOf(ProcessorStateException.class)
                .hasMessageContaining("Store s")
                .hasMessageContaining("lists of values of format PLAIN")
                .hasMessageContaining("HEADERS")
                .hasMessageContaining("delete that directory");
        assertThatThrownBy(() -> lists(ForebayStores.persistentTimestampedKeyValueStore("s")))
                .isInstanceOf(ProcessorStateException.class)
                .hasMessageContaining("TIMESTAMPED");

        list = lists(ForebayStores.persistentKeyValueStore("s"));
        try (KeyValueIterator<Integer, String> all = list.all()) {
            assertThat(all.next().value).isEqualTo("a");
            assertThat(all.next().value).isEqualTo("b");
            assertThat(all.hasNext()).isFalse();
        }
        list.close();
    }

    private KeyValueStore<Integer, String> lists(KeyValueBytesStoreSupplier supplier) {
        return open(
                new ListValueStoreBuilder<>(supplier, Serdes.Integer(), Serdes.String(), Time.SYSTEM).build(),
                logged(dir, "s"));
    }

    @Test
    void anotherKindIsRefused() {
        KeyValueStore<Bytes, byte[]> store = keyValue(ForebayStores::persistentKeyValueStore);
        store.commit(Map.of(CHANGELOG, 1L));
        store.close();
        StateStore sessions =
                ForebayStores.persistentSessionStore("s", Duration.ofDays(1)).get();
        assertThatThrownBy(() -> open(sessions, logged(dir, "s")))
                .isInstanceOf(ProcessorStateException.class)
                .hasMessageContaining("KEY_VALUE")
                .hasMessageContaining("SESSION");
        assertThat(sessions.isOpen()).isFalse();
    }

    @Test
    void windowsAreSortedIntoTheSegmentsOfANewRetention() {
        WindowStore<Bytes, byte[]> windows = windows(Duration.ofHours(10), false);
        for (int i = 0; i < 200; i++) {
            windows.put(key(i % 7), new byte[] {(byte) i}, i * 100_000L);
        }
        windows.commit(Map.of(CHANGELOG, 200L));
        windows.close();

        windows = windows(Duration.ofHours(100), true);
        assertThat(windows.committedOffset(CHANGELOG)).isEqualTo(200);
        for (int i = 0; i < 200; i++) {
            assertThat(hex(windows.fetch(key(i % 7), i * 100_000L)))
                    .isEqualTo(NO_TIMESTAMP + hex(new byte[] {(byte) i}));
        }
        windows.close();

        windows = windows(Duration.ofMinutes(10), true);
        // Stream time starts anew with an open: rows are hidden when a put moves it.
        windows.put(key(199 % 7), new byte[9], 199 * 100_000L);
        int rows = 0;
        try (KeyValueIterator<Windowed<Bytes>, byte[]> all = windows.all()) {
            for (; all.hasNext(); rows++) {
                assertThat(all.next().key.window().start()).isGreaterThan(199 * 100_000L - 600_000);
            }
        }
        assertThat(rows).isEqualTo(6);
        windows.close();
    }

    private WindowStore<Bytes, byte[]> windows(Duration retention, boolean timestamped) {
        return open(
                timestamped
                        ? ForebayStores.persistentTimestampedWindowStore("s", retention, Duration.ofMillis(1), false)
                                .get()
                        : ForebayStores.persistentWindowStore("s", retention, Duration.ofMillis(1), false)
                                .get(),
                logged(dir, "s"));
    }

    @Test
    void sessionsGetHeadersWithoutTimestamp() {
        Duration day = Duration.ofDays(1);
        SessionStore<Bytes, byte[]> plain =
                open(ForebayStores.persistentSessionStore("s", day).get(), logged(dir, "s"));
        plain.put(new Windowed<>(key(1), new SessionWindow(5, 10)), new byte[] {7});
        plain.commit(Map.of(CHANGELOG, 1L));
        plain.close();
        SessionStore<Bytes, byte[]> headers = open(
                ForebayStores.persistentSessionStoreWithHeaders("s", Duration.ofDays(30))
                        .get(),
                logged(dir, "s"));
        assertThat(hex(headers.fetchSession(key(1), 5, 10))).isEqualTo(NO_HEADERS + "07");
        headers.close();
    }

    private WindowStore<Bytes, byte[]> closingWindows(ValueFormat format, Duration retention) {
        return open(
                WindowSupplier.readWhenClosed("s", format, retention.toMillis(), 1, false, true)
                        .get(),
                logged(dir, "s"));
    }

    private static List<String> all(WindowStore<Bytes, byte[]> windows) {
        List<String> rows = new ArrayList<>();
        try (KeyValueIterator<Windowed<Bytes>, byte[]> all = windows.all()) {
            all.forEachRemaining(
                    row -> rows.add(row.key.key() + "@" + row.key.window().start() + "=" + hex(row.value)));
        }
        return rows;
    }

    @Test
    void windowsAreSortedByTimeAsWellAndBack() {
        WindowStore<Bytes, byte[]> windows = windows(Duration.ofHours(10), false);
        List<String> byTime = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            Bytes key = key(199 - i);
            windows.put(key, new byte[] {(byte) i}, i * 1_000L);
            byTime.add(key + "@" + i * 1_000L + "=" + NO_TIMESTAMP + hex(new byte[] {(byte) i}));
        }
        windows.commit(Map.of(CHANGELOG, 200L));
        windows.close();

        windows = closingWindows(ValueFormat.TIMESTAMPED, Duration.ofHours(10));
        assertThat(windows.committedOffset(CHANGELOG)).isEqualTo(200);
        assertThat(all(windows)).isEqualTo(byTime);
        assertThat(hex(windows.fetch(key(199), 0))).isEqualTo(NO_TIMESTAMP + "00");
        windows.put(key(199), null, 0);
        windows.put(key(0), new byte[] {42}, 199_000);
        windows.commit(Map.of(CHANGELOG, 201L));
        windows.close();

        windows = closingWindows(ValueFormat.HEADERS, Duration.ofMinutes(5));
        List<String> withHeaders = all(windows);
        assertThat(withHeaders).hasSize(199);
        assertThat(withHeaders.get(0)).isEqualTo(key(198) + "@1000=" + NO_HEADERS + NO_TIMESTAMP + "01");
        assertThat(withHeaders.get(198)).isEqualTo(key(0) + "@199000=" + NO_HEADERS + "2a");
        assertThat(hex(windows.fetch(key(0), 199_000))).isEqualTo(NO_HEADERS + "2a");
        windows.close();

        windows = open(
                ForebayStores.persistentTimestampedWindowStoreWithHeaders(
                                "s", Duration.ofHours(10), Duration.ofMillis(1), false)
                        .get(),
                logged(dir, "s"));
        List<String> byKey = all(windows);
        assertThat(byKey).containsExactlyInAnyOrderElementsOf(withHeaders);
        assertThat(byKey.get(0)).startsWith(key(0) + "@199000=");
        windows.close();
    }

    @Test
    void sessionsAreSortedByTimeAsWell() {
        Duration day = Duration.ofDays(1);
        SessionStore<Bytes, byte[]> plain =
                open(ForebayStores.persistentSessionStore("s", day).get(), logged(dir, "s"));
        plain.put(new Windowed<>(key(1), new SessionWindow(8, 10)), new byte[] {1});
        plain.put(new Windowed<>(key(2), new SessionWindow(5, 10)), new byte[] {2});
        plain.put(new Windowed<>(key(3), new SessionWindow(1, 9)), new byte[] {3});
        plain.commit(Map.of(CHANGELOG, 3L));
        plain.close();
        SessionStore<Bytes, byte[]> closing = open(
                SessionSupplier.readWhenClosed("s", ValueFormat.PLAIN, day.toMillis())
                        .get(),
                logged(dir, "s"));
        List<String> found = new ArrayList<>();
        try (KeyValueIterator<Windowed<Bytes>, byte[]> sessions = closing.findSessions(0, 10)) {
            sessions.forEachRemaining(session -> found.add(hex(session.value)));
        }
        assertThat(found).containsExactly("03", "02", "01");
        closing.close();
    }
}
