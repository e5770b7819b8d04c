package io.forebay.store.harness.linear;

import io.forebay.store.harness.linear.Effect.Value;
import java.util.List;

/**
 * One call of a history: a write with its effects, or a read with what it showed. The moment at which it happened lies between
 * {@code called} and {@code returned}; calls of one thread do not overlap.
 *
 * @param thread from 0 to 63
 * @param effects of a write, in order; empty for a read
 * @param keys which a read has told something about
 * @param seen their values, null for those that were absent
 */
record Call(int thread, long called, long returned, String what, List<Effect> effects, int[] keys, byte[][] seen) {
    static Call write(int thread, long called, long returned, String what, List<Effect> effects) {
        return new Call(thread, called, returned, what, effects, null, null);
    }

    static Call read(int thread, long called, long returned, String what, int[] keys, byte[][] seen) {
        return new Call(thread, called, returned, what, List.of(), keys, seen);
    }

    boolean isRead() {
        return keys != null;
    }

    long bit() {
        return 1L << thread;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("[" + called + ".." + returned + "] thread " + thread + ": " + what);
        effects.forEach(effect -> text.append("; ").append(effect));
        for (int i = 0; isRead() && i < keys.length; i++) {
            text.append("; ").append(keys[i]).append(" was ").append(Value.text(seen[i]));
        }
        return text.toString();
    }
}
