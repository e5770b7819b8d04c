package io.forebay.kafka.kv;

import io.forebay.kafka.offsets.ValueFormat;
import org.apache.kafka.streams.state.TimestampedBytesStore;

/** A key-value store whose values carry a timestamp: {@code [timestamp:8][value]}. */
public final class ForebayTimestampedKeyValueStore extends ForebayKeyValueStore implements TimestampedBytesStore {
    ForebayTimestampedKeyValueStore(String name) {
        super(name, ValueFormat.TIMESTAMPED);
    }
}
