package io.forebay.kafka.offsets;

/**
 * What the rows of a store are; the ids are part of the payload format. A time-ordered store holds each of its rows twice,
 * in a second order as well, by time before key.
 */
public enum StoreKind {
    KEY_VALUE(1),
    WINDOW(2),
    SESSION(3),
    TIME_ORDERED_WINDOW(4),
    TIME_ORDERED_SESSION(5);

    private final int id;

    StoreKind(int id) {
        this.id = id;
    }

    int id() {
        return id;
    }

    public boolean isSession() {
        return this == SESSION || this == TIME_ORDERED_SESSION;
    }

    public boolean isTimeOrdered() {
        return this == TIME_ORDERED_WINDOW || this == TIME_ORDERED_SESSION;
    }

    /** True when the rows of both are made of the same parts, so that one kind can be rewritten to the other. */
    public boolean isLike(StoreKind other) {
        return (this == KEY_VALUE) == (other == KEY_VALUE) && isSession() == other.isSession();
    }

    /** Null for an unknown id. */
    static StoreKind of(int id) {
        for (StoreKind kind : values()) {
            if (kind.id == id) {
                return kind;
            }
        }
        return null;
    }
}
