package io.forebay.kafka.offsets;

/**
 * The kind of the rows of a store. The ids are part of the payload format. A time-ordered store holds each row twice: once
 * in the order of keys, and once in the order of time, then key.
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

    /** True when the rows of both kinds are made of the same parts, so that one kind can be rewritten to the other. */
    public boolean isLike(StoreKind other) {
        return (this == KEY_VALUE) == (other == KEY_VALUE) && isSession() == other.isSession();
    }

    /** Returns null for an unknown id. */
    static StoreKind of(int id) {
        for (StoreKind kind : values()) {
            if (kind.id == id) {
                return kind;
            }
        }
        return null;
    }
}
