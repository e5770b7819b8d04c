package io.forebay.kafka.window;

import io.forebay.kafka.offsets.ValueFormat;
import org.apache.kafka.streams.state.HeadersBytesStore;

/** A session store whose values carry headers: {@code [varint][headers][aggregate]}. */
public final class ForebayHeadersSessionStore extends ForebaySessionStore implements HeadersBytesStore {
    ForebayHeadersSessionStore(String name, long retention, long segmentInterval) {
        super(name, ValueFormat.HEADERS, retention, segmentInterval);
    }
}
