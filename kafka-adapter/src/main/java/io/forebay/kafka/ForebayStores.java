package io.forebay.kafka;

import io.forebay.kafka.config.ForebayConfig;
import io.forebay.kafka.kv.KeyValueSuppliers;
import io.forebay.kafka.offsets.ValueFormat;
import io.forebay.kafka.window.SessionSupplier;
import io.forebay.kafka.window.WindowSupplier;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.SessionBytesStoreSupplier;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.VersionedBytesStoreSupplier;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;

/**
 * Suppliers of persistent Forebay stores. The methods have the names, types and rules of the {@code persistent} methods of
 * Kafka's {@link Stores}. Pass the suppliers to the builders of {@link Stores}, or to {@code Materialized.as}.
 *
 * <p>A store keeps its rows, changelog offsets and position in {@code forebay/<name>} under the state directory of the
 * task. All stores of an application in one JVM share memory and background threads, see {@link ForebayConfig}.
 */
public final class ForebayStores {
    private ForebayStores() {}

    /**
     * Checks the {@code forebay.*} settings of an application. Call it before {@code KafkaStreams} is built, with the same
     * properties, to learn of a bad setting at once. Otherwise an application without {@link ForebayDslStoreSuppliers} in
     * {@code dsl.store.suppliers.class} learns of it only when its first task starts, because Kafka gives a store its
     * configuration when a task opens the store.
     *
     * @param properties the properties of the application; not null
     * @throws ConfigException for a value that is not allowed or an unknown {@code forebay.} key; the message names the key
     */
    public static void checkConfig(Map<?, ?> properties) {
        ForebayConfig.from(Objects.requireNonNull(properties, "properties cannot be null"));
    }

    /**
     * A key-value store. Each supplier that this class returns makes a new store for each call of {@code get}.
     *
     * @throws NullPointerException when the name is null
     */
    public static KeyValueBytesStoreSupplier persistentKeyValueStore(String name) {
        return KeyValueSuppliers.plain(name);
    }

    /**
     * A key-value store whose values carry a timestamp.
     *
     * @throws NullPointerException when the name is null
     */
    public static KeyValueBytesStoreSupplier persistentTimestampedKeyValueStore(String name) {
        return KeyValueSuppliers.timestamped(name);
    }

    /**
     * A key-value store whose values carry a timestamp and headers.
     *
     * @throws NullPointerException when the name is null
     */
    public static KeyValueBytesStoreSupplier persistentTimestampedKeyValueStoreWithHeaders(String name) {
        return KeyValueSuppliers.headers(name);
    }

    /**
     * A versioned key-value store; not there yet.
     *
     * @throws UnsupportedOperationException always, once the arguments are found valid
     * @throws NullPointerException when the name is null
     * @throws IllegalArgumentException when the retention is null, negative or too long for milliseconds
     */
    public static VersionedBytesStoreSupplier persistentVersionedKeyValueStore(String name, Duration historyRetention) {
        Objects.requireNonNull(name, "name cannot be null");
        millis(historyRetention, "historyRetention");
        throw new UnsupportedOperationException("Forebay has no versioned stores yet (asked for store " + name
                + "). Kafka's own, Stores.persistentVersionedKeyValueStore, is RocksDB and needs org.rocksdb:rocksdbjni on "
                + "the class path");
    }

    /**
     * A versioned key-value store; not there yet.
     *
     * @throws UnsupportedOperationException always, once the arguments are found valid
     * @throws NullPointerException when the name is null
     * @throws IllegalArgumentException when a duration is null, negative or too long for milliseconds, or the interval
     *     is zero
     */
    public static VersionedBytesStoreSupplier persistentVersionedKeyValueStore(
            String name, Duration historyRetention, Duration segmentInterval) {
        Objects.requireNonNull(name, "name cannot be null");
        millis(historyRetention, "historyRetention");
        if (signedMillis(segmentInterval, "segmentInterval") < 1) {
            throw new IllegalArgumentException("segmentInterval cannot be zero or negative");
        }
        return persistentVersionedKeyValueStore(name, historyRetention);
    }

    /**
     * A window store.
     *
     * @param retentionPeriod how long a row is kept: until stream time is this far ahead of it. At least the window size;
     *     parts of a millisecond are cut off
     * @param windowSize size of the windows, from which the ends of the windows that iterators return are computed; not
     *     negative
     * @param retainDuplicates whether several rows with the same key and window start are kept side by side
     * @throws NullPointerException when the name is null
     * @throws IllegalArgumentException when a duration is null, negative or too long for milliseconds, or the window is
     *     longer than the retention
     */
    public static WindowBytesStoreSupplier persistentWindowStore(
            String name, Duration retentionPeriod, Duration windowSize, boolean retainDuplicates) {
        return windowStore(name, ValueFormat.PLAIN, retentionPeriod, windowSize, retainDuplicates);
    }

    /** A window store whose values carry a timestamp; parameters and errors as in {@link #persistentWindowStore}. */
    public static WindowBytesStoreSupplier persistentTimestampedWindowStore(
            String name, Duration retentionPeriod, Duration windowSize, boolean retainDuplicates) {
        return windowStore(name, ValueFormat.TIMESTAMPED, retentionPeriod, windowSize, retainDuplicates);
    }

    /**
     * A window store whose values carry a timestamp and headers; parameters and errors as in {@link
     * #persistentWindowStore}.
     */
    public static WindowBytesStoreSupplier persistentTimestampedWindowStoreWithHeaders(
            String name, Duration retentionPeriod, Duration windowSize, boolean retainDuplicates) {
        return windowStore(name, ValueFormat.HEADERS, retentionPeriod, windowSize, retainDuplicates);
    }

    private static WindowBytesStoreSupplier windowStore(
            String name, ValueFormat format, Duration retentionPeriod, Duration windowSize, boolean retainDuplicates) {
        Objects.requireNonNull(name, "name cannot be null");
        long retentionMs = millis(retentionPeriod, "retentionPeriod");
        long windowMs = millis(windowSize, "windowSize");
        if (windowMs > retentionMs) {
            throw new IllegalArgumentException("The retention period of the window store " + name
                    + " must be no smaller than its window size. Got size=[" + windowSize + "], retention=["
                    + retentionPeriod
                    + "]");
        }
        return WindowSupplier.of(name, format, retentionMs, windowMs, retainDuplicates);
    }

    /**
     * A session store.
     *
     * @param retentionPeriod how long a session is kept: until stream time is this far ahead of its end. Not negative;
     *     parts of a millisecond are cut off
     * @throws NullPointerException when the name is null
     * @throws IllegalArgumentException when the retention is null, negative or too long for milliseconds
     */
    public static SessionBytesStoreSupplier persistentSessionStore(String name, Duration retentionPeriod) {
        Objects.requireNonNull(name, "name cannot be null");
        return SessionSupplier.of(name, ValueFormat.PLAIN, millis(retentionPeriod, "retentionPeriod"));
    }

    /** A session store whose values carry headers; parameters and errors as in {@link #persistentSessionStore}. */
    public static SessionBytesStoreSupplier persistentSessionStoreWithHeaders(String name, Duration retentionPeriod) {
        Objects.requireNonNull(name, "name cannot be null");
        return SessionSupplier.of(name, ValueFormat.HEADERS, millis(retentionPeriod, "retentionPeriod"));
    }

    private static long millis(Duration duration, String parameter) {
        long millis = signedMillis(duration, parameter);
        if (millis < 0) {
            throw new IllegalArgumentException(parameter + " cannot be negative");
        }
        return millis;
    }

    private static long signedMillis(Duration duration, String parameter) {
        if (duration == null) {
            throw new IllegalArgumentException(
                    "Invalid value for parameter \"" + parameter + "\" (value was: null). " + "It shouldn't be null.");
        }
        try {
            return duration.toMillis();
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException(
                    "Invalid value for parameter \"" + parameter + "\" (value was: " + duration + "). "
                            + "It can't be converted to milliseconds.",
                    e);
        }
    }
}
