package io.forebay.flink.registry;

import org.apache.flink.annotation.Internal;

/** The kind of a state. A key/value state and a queue may have the same name; their ids differ. */
@Internal
public enum StateKind {
    KEY_VALUE(1),
    PRIORITY_QUEUE(2);

    private final int code;

    StateKind(int code) {
        this.code = code;
    }

    /** The number of the kind in checkpoints. */
    int code() {
        return code;
    }

    static StateKind ofCode(int code) {
        for (StateKind kind : values()) {
            if (kind.code == code) {
                return kind;
            }
        }
        throw new IllegalArgumentException("Unknown kind of state " + code + "; was it written by a newer Forebay?");
    }
}
