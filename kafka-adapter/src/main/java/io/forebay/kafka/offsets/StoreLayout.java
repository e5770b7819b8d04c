package io.forebay.kafka.offsets;

import java.util.Objects;

/**
 * How the rows of a store are written.
 *
 * @param kind the kind of the rows
 * @param format the format of the values
 * @param segmentInterval length of a segment in milliseconds: rows whose times are in one segment share a prefix. 0 for a
 *     key-value store, else at least 1
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
