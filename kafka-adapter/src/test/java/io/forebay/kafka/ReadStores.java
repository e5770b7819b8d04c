package io.forebay.kafka;

import static io.forebay.kafka.TestContexts.logged;
import static io.forebay.kafka.TestContexts.open;

import java.io.File;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.test.InternalMockProcessorContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Stores of each kind that are read; the base of the tests. */
abstract class ReadStores {
    @TempDir
    File dir;

    InternalMockProcessorContext<Object, Object> context;

    @BeforeEach
    void makeContext() {
        context = logged(dir, "s");
    }

    KeyValueStore<Bytes, byte[]> keyValue() {
        return open(ForebayStores.persistentKeyValueStore("s").get(), context);
    }

    WindowStore<Bytes, byte[]> windows(boolean duplicates) {
        return open(
                ForebayStores.persistentWindowStore("s", Duration.ofHours(1), Duration.ofSeconds(1), duplicates)
                        .get(),
                context);
    }

    SessionStore<Bytes, byte[]> sessions() {
        return open(
                ForebayStores.persistentSessionStore("s", Duration.ofHours(1)).get(), context);
    }

    static byte[] value(int i) {
        return new byte[] {(byte) i};
    }

    static <K> List<K> keys(KeyValueIterator<K, byte[]> rows) {
        try (rows) {
            List<K> keys = new ArrayList<>();
            rows.forEachRemaining(row -> keys.add(row.key));
            return keys;
        }
    }
}
