package io.forebay.kafka.state;

import java.util.NoSuchElementException;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The answer of Kafka's stores to a range whose lower bound is above its upper bound: a warning, and an empty iterator. */
public final class InvalidRange {
    private static final Logger LOG = LoggerFactory.getLogger(InvalidRange.class);

    private InvalidRange() {}

    /**
     * Returns true, and logs a warning in the words of Kafka's stores, when {@code from} is above {@code to}. Null stands
     * for no bound.
     */
    public static boolean warnIfInverted(Bytes from, Bytes to) {
        if (from == null || to == null || from.compareTo(to) <= 0) {
            return false;
        }
        LOG.warn("Returning empty iterator for fetch with invalid key range: from > to. "
                + "This may be due to range arguments set in the wrong order, "
                + "or serdes that don't preserve ordering when lexicographically comparing the serialized bytes. "
                + "Note that the built-in numerical serdes do not follow this for negative numbers");
        return true;
    }

    /** An empty iterator. */
    public static <K, V> KeyValueIterator<K, V> empty() {
        return new Empty<>();
    }

    private static final class Empty<K, V> implements KeyValueIterator<K, V> {
        @Override
        public boolean hasNext() {
            return false;
        }

        @Override
        public K peekNextKey() {
            throw new NoSuchElementException();
        }

        @Override
        public KeyValue<K, V> next() {
            throw new NoSuchElementException();
        }

        @Override
        public void close() {}
    }
}
