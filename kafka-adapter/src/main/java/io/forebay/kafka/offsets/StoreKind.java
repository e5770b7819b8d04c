package io.forebay.kafka.offsets;

/** What the rows of a store are; the ids are part of the payload format. */
public enum StoreKind {
    KEY_VALUE(1),
    WINDOW(2),
    SESSION(3);

    private final int id;

    StoreKind(int id) {
        this.id = id;
    }

    int id() {
        return id;
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
