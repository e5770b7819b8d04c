package io.forebay.kafka.kv;

import io.forebay.kafka.offsets.ValueFormat;
import org.apache.kafka.streams.state.HeadersBytesStore;

/** A key-value store whose values carry headers and a timestamp: {@code [varint][headers][timestamp:8][value]}. */
public final class ForebayHeadersKeyValueStore extends ForebayKeyValueStore implements HeadersBytesStore {
    ForebayHeadersKeyValueStore(String name) {
        super(name, ValueFormat.HEADERS);
    }
}
