package io.forebay.kafka.window;

import io.forebay.kafka.offsets.ValueFormat;
import org.apache.kafka.streams.state.HeadersBytesStore;
import org.apache.kafka.streams.state.TimestampedBytesStore;

/** A window store whose values carry headers and a timestamp: {@code [varint][headers][timestamp:8][value]}. */
public final class ForebayHeadersWindowStore extends ForebayWindowStore
        implements TimestampedBytesStore, HeadersBytesStore {
    ForebayHeadersWindowStore(String name, Segments segments, long windowSize, boolean retainDuplicates) {
        super(name, ValueFormat.HEADERS, segments, windowSize, retainDuplicates);
    }
}
