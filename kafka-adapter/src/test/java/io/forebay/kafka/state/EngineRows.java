package io.forebay.kafka.state;

import io.forebay.store.KeyRange;
import io.forebay.store.StoreIterator;

/** The rows of a store as the engine holds them, those that are hidden among them. */
public final class EngineRows {
    private EngineRows() {}

    /** To be closed by the caller. */
    public static StoreIterator of(ForebayStateStore store, KeyRange range) {
        return store.store().iterator(range);
    }
}
