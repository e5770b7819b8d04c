package io.forebay.kafka.window;

import io.forebay.kafka.offsets.ValueFormat;
import org.apache.kafka.streams.state.TimestampedBytesStore;

/** A window store whose values carry a timestamp: {@code [timestamp:8][value]}. */
public final class ForebayTimestampedWindowStore extends ForebayWindowStore implements TimestampedBytesStore {
    ForebayTimestampedWindowStore(String name, Segments segments, long windowSize, boolean retainDuplicates) {
        super(name, ValueFormat.TIMESTAMPED, segments, windowSize, retainDuplicates);
    }
}
