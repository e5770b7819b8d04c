package io.forebay.store.harness.linear;

import io.forebay.store.harness.linear.Effect.Value;
import java.util.Arrays;
import java.util.List;

/** The values of all keys at one moment. Immutable. */
final class State {
    static final State EMPTY = new State(new Value[KeySpace.KEYS], 0);

    private final Value[] values;
    /** Of all keys and values; states are the same if it is the same. */
    private final long hash;

    private State(Value[] values, long hash) {
        this.values = values;
        this.hash = hash;
    }

    State with(List<Effect> effects) {
        Value[] next = values.clone();
        long nextHash = hash;
        for (Effect effect : effects) {
            for (int key = effect.key(); key < effect.to(); key++) {
                Value before = next[key];
                Value after = switch (effect.kind()) {
                    case PUT -> effect.value();
                    case MERGE -> before == null ? effect.value() : before.with(effect.value());
                    case DELETE, DELETE_RANGE -> null;
                };
                nextHash += hash(key, after) - hash(key, before);
                next[key] = after;
            }
        }
        return new State(next, nextHash);
    }

    private static long hash(int key, Value value) {
        if (value == null) {
            return 0;
        }
        long mixed = (value.hash() + key + 1) * 0x9E3779B97F4A7C15L;
        return (mixed ^ mixed >>> 32) * 0xD6E8FEB86659FD93L;
    }

    boolean isSame(State other) {
        return this == other || hash == other.hash;
    }

    /** True when a read of this state would show what {@code read} has shown. */
    boolean shows(Call read) {
        int[] keys = read.keys();
        for (int i = 0; i < keys.length; i++) {
            Value value = values[keys[i]];
            byte[] seen = read.seen()[i];
            if (value == null || seen == null ? value != null || seen != null : !Arrays.equals(value.bytes(), seen)) {
                return false;
            }
        }
        return true;
    }

    String value(int key) {
        return Value.text(values[key] == null ? null : values[key].bytes());
    }
}
