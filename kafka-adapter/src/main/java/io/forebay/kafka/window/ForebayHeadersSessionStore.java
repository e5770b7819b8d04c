package io.forebay.kafka.window;

import io.forebay.kafka.offsets.ValueFormat;
import org.apache.kafka.streams.state.HeadersBytesStore;

/** A session store whose values carry headers: {@code [varint][headers][aggregate]}. */
public final class ForebayHeadersSessionStore extends ForebaySessionStore implements HeadersBytesStore {
    ForebayHeadersSessionStore(String name, Segments segments) {
        super(name, ValueFormat.HEADERS, segments);
    }
}
