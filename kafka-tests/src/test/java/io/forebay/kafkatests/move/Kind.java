package io.forebay.kafkatests.move;

import io.forebay.kafka.ForebayStores;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.internals.SessionWindow;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.internals.SessionKeySchema;
import org.apache.kafka.streams.state.internals.WindowKeySchema;

/** The kinds of stores that both engines have, seen as maps from keys to values. */
enum Kind {
    KEY_VALUE {
        @Override
        StateStore create(Engine engine) {
            return (engine == Engine.FOREBAY
                            ? ForebayStores.persistentKeyValueStore(NAME)
                            : Stores.persistentKeyValueStore(NAME))
                    .get();
        }

        @Override
        @SuppressWarnings("unchecked")
        void put(StateStore store, String key, byte[] value) {
            ((KeyValueStore<Bytes, byte[]>) store).put(bytes(key), value);
        }

        @Override
        byte[] changelogKey(String key) {
            return bytes(key).get();
        }

        @Override
        @SuppressWarnings("unchecked")
        Map<String, String> rows(StateStore store) {
            Map<String, String> rows = new TreeMap<>();
            try (KeyValueIterator<Bytes, byte[]> all = ((KeyValueStore<Bytes, byte[]>) store).all()) {
                all.forEachRemaining(row -> rows.put(text(row.key.get()), text(row.value)));
            }
            return rows;
        }
    },
    WINDOW {
        @Override
        StateStore create(Engine engine) {
            return (engine == Engine.FOREBAY
                            ? ForebayStores.persistentWindowStore(NAME, RETENTION, SIZE, false)
                            : Stores.persistentWindowStore(NAME, RETENTION, SIZE, false))
                    .get();
        }

        @Override
        @SuppressWarnings("unchecked")
        void put(StateStore store, String key, byte[] value) {
            ((WindowStore<Bytes, byte[]>) store).put(bytes(key), value, time(key));
        }

        @Override
        byte[] changelogKey(String key) {
            return WindowKeySchema.toStoreKeyBinary(bytes(key), time(key), 0).get();
        }

        @Override
        @SuppressWarnings("unchecked")
        Map<String, String> rows(StateStore store) {
            return windowed(((WindowStore<Bytes, byte[]>) store).all());
        }
    },
    SESSION {
        @Override
        StateStore create(Engine engine) {
            return (engine == Engine.FOREBAY
                            ? ForebayStores.persistentSessionStore(NAME, RETENTION)
                            : Stores.persistentSessionStore(NAME, RETENTION))
                    .get();
        }

        @Override
        @SuppressWarnings("unchecked")
        void put(StateStore store, String key, byte[] value) {
            ((SessionStore<Bytes, byte[]>) store)
                    .put(new Windowed<>(bytes(key), new SessionWindow(time(key), time(key))), value);
        }

        @Override
        byte[] changelogKey(String key) {
            return SessionKeySchema.toBinary(bytes(key), time(key), time(key)).get();
        }

        @Override
        @SuppressWarnings("unchecked")
        Map<String, String> rows(StateStore store) {
            return windowed(((SessionStore<Bytes, byte[]>) store).fetch(null, null));
        }
    };

    static final String NAME = "s";
    private static final Duration RETENTION = Duration.ofHours(10);
    private static final Duration SIZE = Duration.ofMinutes(1);

    /** A store that is not open yet. */
    abstract StateStore create(Engine engine);

    /** A null value deletes. */
    abstract void put(StateStore store, String key, byte[] value);

    /** The key under which Kafka writes the row to the changelog. */
    abstract byte[] changelogKey(String key);

    /** All rows. */
    abstract Map<String, String> rows(StateStore store);

    /** Rows of several segments, none of which expires. */
    private static long time(String key) {
        return Duration.ofHours(key.hashCode() % 8).toMillis();
    }

    private static Map<String, String> windowed(KeyValueIterator<Windowed<Bytes>, byte[]> iterator) {
        Map<String, String> rows = new TreeMap<>();
        try (iterator) {
            iterator.forEachRemaining(row -> rows.put(text(row.key.key().get()), text(row.value)));
        }
        return rows;
    }

    private static Bytes bytes(String text) {
        return Bytes.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Who keeps the rows. */
    enum Engine {
        ROCKS_DB,
        FOREBAY
    }
}
