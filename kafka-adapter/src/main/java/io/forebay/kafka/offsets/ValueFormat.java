package io.forebay.kafka.offsets;

/** What Kafka put in front of the user's value bytes; the ids are part of the payload format. Later formats hold more. */
public enum ValueFormat {
    /** The value as it is. */
    PLAIN(0),
    /** {@code [timestamp:8][value]}. */
    TIMESTAMPED(1),
    /** {@code [varint headers length][headers]} in front of the timestamped form (of the plain one in session stores). */
    HEADERS(2);

    private final int id;

    ValueFormat(int id) {
        this.id = id;
    }

    int id() {
        return id;
    }

    /** Null for an unknown id. */
    static ValueFormat of(int id) {
        for (ValueFormat format : values()) {
            if (format.id == id) {
                return format;
            }
        }
        return null;
    }
}
