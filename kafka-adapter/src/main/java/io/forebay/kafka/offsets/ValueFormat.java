package io.forebay.kafka.offsets;

/**
 * What Kafka has put in front of the value bytes of the user. The ids are part of the payload format. In the order of this
 * enum, each format holds more than the one before.
 */
public enum ValueFormat {
    /** The value alone. */
    PLAIN(0),
    /** {@code [timestamp:8][value]}. */
    TIMESTAMPED(1),
    /** {@code [varint headers length][headers]}, then the timestamped form (in session stores the plain form). */
    HEADERS(2);

    private final int id;

    ValueFormat(int id) {
        this.id = id;
    }

    int id() {
        return id;
    }

    /** Returns null for an unknown id. */
    static ValueFormat of(int id) {
        for (ValueFormat format : values()) {
            if (format.id == id) {
                return format;
            }
        }
        return null;
    }
}
