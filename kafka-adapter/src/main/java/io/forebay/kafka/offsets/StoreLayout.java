package io.forebay.kafka.offsets;

import java.util.Objects;

/**
 * How the rows of a store are written.
 *
 * @param kind what the rows are
 * @param format what the values are
 * @param segmentInterval milliseconds of stream time that share a row prefix; 0 for a key-value store
 */
public record StoreLayout(StoreKind kind, ValueFormat format, long segmentInterval) {
    public StoreLayout {
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(format, "format");
        if (kind == StoreKind.KEY_VALUE ? segmentInterval != 0 : segmentInterval < 1) {
            throw new IllegalArgumentException(
                    "Segment interval " + segmentInterval + " does not fit a " + kind + " store");
        }
    }
}
