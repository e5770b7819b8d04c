package io.forebay.store.harness.metamorphic;

import io.forebay.store.EntryBatch;
import io.forebay.store.KeyRange;
import io.forebay.store.StoreIterator;
import java.util.Arrays;
import java.util.function.Supplier;

/** An iterator that passes over what a compaction filter may have dropped, and tells a {@link Watch} all it meets, and does not. */
final class Cursor {
    private static final int BATCH_ENTRIES = 7;
    private static final int BATCH_BYTES = 5_000;

    private final StoreIterator iterator;
    private final KeyRange bounds;
    private final Supplier<Watch> watch;

    /** @param watch asked at each move */
    Cursor(StoreIterator iterator, KeyRange bounds, Supplier<Watch> watch) {
        this.iterator = iterator;
        this.bounds = bounds;
        this.watch = watch;
    }

    StoreIterator iterator() {
        return iterator;
    }

    String move(Operation op) {
        switch (op.verb()) {
            case FIRST -> {
                iterator.seekToFirst();
                passForward(bounds.from(), true);
            }
            case LAST -> {
                iterator.seekToLast();
                passBackward(bounds.to(), false);
            }
            case SEEK -> {
                byte[] key = op.bytes(1);
                iterator.seek(key);
                passForward(Arrays.compareUnsigned(key, bounds.from()) < 0 ? bounds.from() : key, true);
            }
            case SEEKPREV -> {
                byte[] key = op.bytes(1);
                iterator.seekForPrev(key);
                boolean inside = bounds.to() == null || Arrays.compareUnsigned(key, bounds.to()) < 0;
                passBackward(inside ? key : bounds.to(), inside);
            }
            default -> throw new IllegalArgumentException("Not a seek: " + op);
        }
        return shown();
    }

    /** Some steps in one direction, until the end. */
    String steps(boolean forward, int count) {
        if (!iterator.isValid()) {
            return refusesToMove(forward) ? Subject.NOT_VALID : "moved without being valid";
        }
        ScanLine results = new ScanLine();
        for (int i = 0; i < count && iterator.isValid(); i++) {
            step(forward);
            results.add(shown());
        }
        return results.toString();
    }

    /** All entries in one direction. */
    String scan(boolean reverse) {
        if (reverse) {
            iterator.seekToLast();
            passBackward(bounds.to(), false);
        } else {
            iterator.seekToFirst();
            passForward(bounds.from(), true);
        }
        ScanLine results = new ScanLine();
        if (!reverse && bounds.from().length % 2 == 1) {
            addBatches(results);
        }
        while (iterator.isValid()) {
            results.add(shown());
            step(!reverse);
        }
        return results.toString();
    }

    /** All entries from the present one on, some with each call. */
    private void addBatches(ScanLine results) {
        EntryBatch batch = EntryBatch.of(BATCH_ENTRIES, BATCH_BYTES);
        byte[] before = null;
        while (iterator.isValid()) {
            iterator.nextBatch(batch);
            for (int i = 0; i < batch.size(); i++) {
                byte[] key = batch.key(i);
                byte[] value = batch.value(i);
                if (before != null) {
                    watch.get().nothingIn(before, false, key, false);
                }
                watch.get().found(key, value);
                if (!Droppable.is(value)) {
                    results.add(ScanLine.entry(key, Droppable.lasting(value)));
                }
                before = key;
            }
        }
        if (before != null) {
            watch.get().nothingIn(before, false, bounds.to(), false);
        }
    }

    private boolean refusesToMove(boolean forward) {
        try {
            if (forward) {
                iterator.next();
            } else {
                iterator.prev();
            }
            return false;
        } catch (IllegalStateException expected) {
            return true;
        }
    }

    private void step(boolean forward) {
        byte[] before = iterator.key();
        if (forward) {
            iterator.next();
            passForward(before, false);
        } else {
            iterator.prev();
            passBackward(before, false);
        }
    }

    /** To the first entry that stays; the iterator has just come from {@code from}. */
    private void passForward(byte[] from, boolean inclusive) {
        Watch seen = watch.get();
        byte[] begin = from;
        boolean with = inclusive;
        while (iterator.isValid()) {
            byte[] key = iterator.key();
            byte[] value = iterator.value();
            seen.nothingIn(begin, with, key, false);
            seen.found(key, value);
            if (!Droppable.is(value)) {
                return;
            }
            begin = key;
            with = false;
            iterator.next();
        }
        seen.nothingIn(begin, with, bounds.to(), false);
    }

    /** The same backward; null: from the end. */
    private void passBackward(byte[] from, boolean inclusive) {
        Watch seen = watch.get();
        byte[] end = from;
        boolean with = inclusive;
        while (iterator.isValid()) {
            byte[] key = iterator.key();
            byte[] value = iterator.value();
            seen.nothingIn(key, false, end, with);
            seen.found(key, value);
            if (!Droppable.is(value)) {
                return;
            }
            end = key;
            with = false;
            iterator.prev();
        }
        seen.nothingIn(bounds.from(), true, end, with);
    }

    private String shown() {
        return iterator.isValid() ? ScanLine.entry(iterator.key(), Droppable.lasting(iterator.value())) : Subject.END;
    }
}
