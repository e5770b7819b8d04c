package io.forebay.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.forebay.kafka.state.ForebayStateStore;
import java.io.File;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.internals.SessionWindow;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.WindowStore;

/** The kinds of stores seen as maps from strings to strings, for tests of what they have in common. */
public enum StoreFlavour {
    KEY_VALUE {
        @Override
        public StateStore create(String name) {
            return ForebayStores.persistentKeyValueStore(name).get();
        }

        @Override
        @SuppressWarnings("unchecked")
        public void put(StateStore store, String key, String value) {
            ((KeyValueStore<Bytes, byte[]>) store).put(bytes(key), value(value));
        }

        @Override
        @SuppressWarnings("unchecked")
        public String get(StateStore store, String key) {
            return string(((KeyValueStore<Bytes, byte[]>) store).get(bytes(key)));
        }

        @Override
        public byte[] changelogKey(String key) {
            return key.getBytes(UTF_8);
        }
    },
    WINDOW {
        @Override
        public StateStore create(String name) {
            return ForebayStores.persistentWindowStore(name, RETENTION, Duration.ofMillis(10), false)
                    .get();
        }

        @Override
        @SuppressWarnings("unchecked")
        public void put(StateStore store, String key, String value) {
            ((WindowStore<Bytes, byte[]>) store).put(bytes(key), value(value), TIME);
        }

        @Override
        @SuppressWarnings("unchecked")
        public String get(StateStore store, String key) {
            return string(((WindowStore<Bytes, byte[]>) store).fetch(bytes(key), TIME));
        }

        @Override
        public byte[] changelogKey(String key) {
            return org.apache.kafka.streams.state.internals.WindowKeySchema.toStoreKeyBinary(bytes(key), TIME, 0)
                    .get();
        }
    },
    SESSION {
        @Override
        public StateStore create(String name) {
            return ForebayStores.persistentSessionStore(name, RETENTION).get();
        }

        @Override
        @SuppressWarnings("unchecked")
        public void put(StateStore store, String key, String value) {
            ((SessionStore<Bytes, byte[]>) store)
                    .put(new Windowed<>(bytes(key), new SessionWindow(TIME, TIME)), value(value));
        }

        @Override
        @SuppressWarnings("unchecked")
        public String get(StateStore store, String key) {
            return string(((SessionStore<Bytes, byte[]>) store).fetchSession(bytes(key), TIME, TIME));
        }

        @Override
        public byte[] changelogKey(String key) {
            return org.apache.kafka.streams.state.internals.SessionKeySchema.toBinary(bytes(key), TIME, TIME)
                    .get();
        }
    };

    private static final Duration RETENTION = Duration.ofHours(1);
    private static final long TIME = 1000;

    /** Opens the store {@code s} in {@code dir}, as Kafka does for a task whose store has a changelog. */
    public StateStore open(File dir) {
        return TestContexts.open(create("s"), TestContexts.logged(dir, "s"));
    }

    /** Leaves the store {@code s} in {@code dir}, closed, with a row up to offset 100 of {@code partition}. */
    public void leaveHundred(File dir, TopicPartition partition) {
        StateStore store = open(dir);
        put(store, "k", "of 100");
        store.commit(Map.of(partition, 100L));
        store.close();
    }

    /** A store that is not open yet; it is a {@link ForebayStateStore}. */
    public abstract StateStore create(String name);

    /** A null value deletes. */
    public abstract void put(StateStore store, String key, String value);

    public abstract String get(StateStore store, String key);

    /** The key under which Kafka writes a row to the changelog. */
    public abstract byte[] changelogKey(String key);

    static Bytes bytes(String key) {
        return Bytes.wrap(key.getBytes(UTF_8));
    }

    private static byte[] value(String value) {
        return value == null ? null : value.getBytes(UTF_8);
    }

    private static String string(byte[] value) {
        return value == null ? null : new String(value, UTF_8);
    }
}
