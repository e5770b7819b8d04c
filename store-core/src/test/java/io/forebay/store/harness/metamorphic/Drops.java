package io.forebay.store.harness.metamorphic;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The values that a filter may drop, in one state of a store: where each is, and whether it was found to be gone. The rules:
 *
 * <ul>
 *   <li>such a value is only where it was put, with the bytes that were put, until it is overwritten or deleted;
 *   <li>it vanishes only when the filter may drop it by now, so never without a filter;
 *   <li>once it is gone it never comes back: not in the store, not in a snapshot, not after a reopen or a crash, and not in
 *       what is restored from a checkpoint that was taken later;
 *   <li>a value that a snapshot was seen to hold, or that was seen in the store while the snapshot was open that holds it,
 *       stays there until that is closed, also when the snapshot was opened while a flush or a compaction ran;
 *   <li>a value that an iterator has shown stays in its state.
 * </ul>
 */
final class Drops {
    /** What the filter of the stores can do. */
    enum Filter {
        NONE,
        /** Any value at any time. */
        DROP,
        /** A value whose time is over. */
        TIMED
    }

    /** What is the same for all stores of a run. */
    record Rules(Filter filter, LongSupplier seconds) {
        boolean allow(byte[] value) {
            return switch (filter) {
                case NONE -> false;
                case DROP -> true;
                case TIMED ->
                    value[0] == Droppable.TIMED && Droppable.expiry(value, value.length) <= seconds.getAsLong();
            };
        }
    }

    /** One value, where it was put once. */
    private static final class Value {
        final byte[] bytes;
        /** The value of the store that an iterator sees; null for one of a store. */
        final Value origin;

        boolean gone;
        /** Of an iterator: it has shown it. */
        boolean shown;

        Value(byte[] bytes, Value origin) {
            this.bytes = bytes;
            this.origin = origin;
        }
    }

    private final NavigableMap<byte[], Value> values = new TreeMap<>(Arrays::compareUnsigned);

    /** For a put. */
    void put(byte[] key, byte[] value) {
        byte[] droppable = Droppable.dropped(value);
        if (droppable == null) {
            values.remove(key);
        } else {
            values.put(key, new Value(droppable, null));
        }
    }

    void delete(byte[] key) {
        values.remove(key);
    }

    /** @param to null for no end */
    void deleteRange(byte[] from, byte[] to) {
        between(from, true, to, false).clear();
    }

    /** The same values in another state of the store. */
    Drops copy() {
        Drops copy = new Drops();
        copy.values.putAll(values);
        return copy;
    }

    /** Those that are not known to be gone, for a view with a fate of its own; what it finds gone is gone in the store. */
    Drops iterator() {
        return apart(true);
    }

    /** As {@link #iterator()}, for other files than those of the store. */
    Drops checkpoint() {
        return apart(false);
    }

    private Drops apart(boolean bound) {
        Drops copy = new Drops();
        values.forEach((key, value) -> {
            if (!value.gone) {
                copy.values.put(key, new Value(value.bytes, bound ? value : null));
            }
        });
        return copy;
    }

    void addAll(Drops other, byte[] from, byte[] to) {
        if (to == null || Arrays.compareUnsigned(from, to) < 0) {
            values.putAll(other.between(from, true, to, false));
        }
    }

    /** Something has {@code value} at {@code key}; null: nothing is there. */
    void found(byte[] key, byte[] value, Rules rules, Supplier<List<Drops>> openSnapshots) {
        byte[] droppable = Droppable.dropped(value);
        Value known = values.get(key);
        if (droppable == null) {
            if (known != null) {
                gone(key, known, rules, openSnapshots);
            }
            return;
        }
        if (known == null || !Arrays.equals(known.bytes, droppable)) {
            throw new AssertionError("at " + Words.word(key) + ": " + Words.shown(droppable) + " is there, and not "
                    + (known == null ? "none" : Words.shown(known.bytes)));
        }
        if (known.gone) {
            throw new AssertionError("at " + Words.word(key) + ": " + Words.shown(droppable) + " came back");
        }
        known.shown = known.origin != null;
        for (Drops snapshot : openSnapshots.get()) {
            if (snapshot.values.get(key) == known) {
                snapshot.held.put(key, known);
            }
        }
    }

    /** Of a snapshot: what must stay. */
    private final NavigableMap<byte[], Value> held = new TreeMap<>(Arrays::compareUnsigned);

    /** Nothing is between two keys. */
    void nothingIn(
            byte[] from,
            boolean fromInclusive,
            byte[] to,
            boolean toInclusive,
            Rules rules,
            Supplier<List<Drops>> openSnapshots) {
        if (to != null && Arrays.compareUnsigned(from, to) > 0) {
            return;
        }
        for (Map.Entry<byte[], Value> entry :
                between(from, fromInclusive, to, toInclusive).entrySet()) {
            gone(entry.getKey(), entry.getValue(), rules, openSnapshots);
        }
    }

    private static void gone(byte[] key, Value value, Rules rules, Supplier<List<Drops>> openSnapshots) {
        if (value.gone) {
            return;
        }
        String what = "at " + Words.word(key) + ": " + Words.shown(value.bytes) + " is gone";
        if (!rules.allow(value.bytes)) {
            throw new AssertionError(what + ", which no filter drops now");
        }
        if (value.shown) {
            throw new AssertionError(what + ", though the iterator has shown it");
        }
        Value origin = value.origin == null ? value : value.origin;
        for (Drops snapshot : openSnapshots.get()) {
            if (snapshot.held.get(key) == origin) {
                throw new AssertionError(what + ", though a snapshot holds it");
            }
        }
        value.gone = true;
        origin.gone = true;
    }

    private NavigableMap<byte[], Value> between(byte[] from, boolean fromInclusive, byte[] to, boolean toInclusive) {
        if (to == null) {
            return values.tailMap(from, fromInclusive);
        }
        boolean none = Arrays.compareUnsigned(from, to) == 0 && !(fromInclusive && toInclusive);
        return none ? new TreeMap<>(Arrays::compareUnsigned) : values.subMap(from, fromInclusive, to, toInclusive);
    }
}
