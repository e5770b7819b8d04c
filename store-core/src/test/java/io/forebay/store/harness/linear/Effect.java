package io.forebay.store.harness.linear;

import java.nio.charset.StandardCharsets;

/**
 * One change that a write makes.
 *
 * @param to exclusive, of a range delete
 * @param value of a put, or the operand of a merge
 */
record Effect(Kind kind, int key, int to, Value value) {
    enum Kind {
        PUT,
        DELETE,
        MERGE,
        DELETE_RANGE
    }

    /** Bytes and their hash, taken once. */
    record Value(byte[] bytes, long hash) {
        static Value of(byte[] bytes) {
            long hash = 0xCBF29CE484222325L;
            for (byte each : bytes) {
                hash = (hash ^ each) * 0x100000001B3L;
            }
            return new Value(bytes, hash);
        }

        /** Joined by a comma. */
        Value with(Value operand) {
            byte[] joined = new byte[bytes.length + 1 + operand.bytes.length];
            System.arraycopy(bytes, 0, joined, 0, bytes.length);
            joined[bytes.length] = ',';
            System.arraycopy(operand.bytes, 0, joined, bytes.length + 1, operand.bytes.length);
            return of(joined);
        }

        static String text(byte[] bytes) {
            if (bytes == null) {
                return "none";
            }
            String text = new String(bytes, StandardCharsets.ISO_8859_1);
            return bytes.length <= 60 ? text : text.substring(0, 60) + "... (" + bytes.length + " bytes)";
        }
    }

    static Effect put(int key, byte[] value) {
        return new Effect(Kind.PUT, key, key + 1, Value.of(value));
    }

    static Effect delete(int key) {
        return new Effect(Kind.DELETE, key, key + 1, null);
    }

    static Effect merge(int key, byte[] operand) {
        return new Effect(Kind.MERGE, key, key + 1, Value.of(operand));
    }

    static Effect deleteRange(int from, int to) {
        return new Effect(Kind.DELETE_RANGE, from, to, null);
    }

    boolean touches(int other) {
        return key <= other && other < to;
    }

    @Override
    public String toString() {
        return switch (kind) {
            case PUT -> "put " + key + "=" + Value.text(value.bytes());
            case DELETE -> "delete " + key;
            case MERGE -> "merge " + key + "+" + Value.text(value.bytes());
            case DELETE_RANGE -> "delete " + key + ".." + to;
        };
    }
}
