package io.forebay.store.harness.metamorphic;

import java.util.List;
import java.util.function.Supplier;

/** Compares what a view of a store shows with what it may and must have of droppable values. */
record Watch(Drops drops, Drops.Rules rules, Supplier<List<Drops>> openSnapshots) {
    /** @param value null when nothing is there */
    void found(byte[] key, byte[] value) {
        drops.found(key, value, rules, openSnapshots);
    }

    /** @param to null for no end */
    void nothingIn(byte[] from, boolean fromInclusive, byte[] to, boolean toInclusive) {
        drops.nothingIn(from, fromInclusive, to, toInclusive, rules, openSnapshots);
    }
}
