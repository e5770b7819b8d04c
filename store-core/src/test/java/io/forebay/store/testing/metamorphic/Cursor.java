package io.forebay.store.testing.metamorphic;

import io.forebay.store.StoreIterator;

/** An iterator that passes over what a compaction filter may have dropped. */
final class Cursor {
    private final StoreIterator iterator;

    Cursor(StoreIterator iterator) {
        this.iterator = iterator;
    }

    StoreIterator iterator() {
        return iterator;
    }

    String move(Operation op) {
        switch (op.verb()) {
            case FIRST -> iterator.seekToFirst();
            case LAST -> iterator.seekToLast();
            case SEEK -> iterator.seek(op.bytes(1));
            case SEEKPREV -> iterator.seekForPrev(op.bytes(1));
            default -> throw new IllegalArgumentException("Not a seek: " + op);
        }
        pass(op.verb() == Verb.FIRST || op.verb() == Verb.SEEK);
        return shown();
    }

    /** Some steps in one direction, until the end. */
    String steps(boolean forward, int count) {
        if (!iterator.isValid()) {
            return refusesToMove(forward) ? Subject.NOT_VALID : "moved without being valid";
        }
        Results results = new Results();
        for (int i = 0; i < count && iterator.isValid(); i++) {
            step(forward);
            pass(forward);
            results.add(shown());
        }
        return results.toString();
    }

    /** All entries in one direction. */
    String scan(boolean reverse) {
        if (reverse) {
            iterator.seekToLast();
        } else {
            iterator.seekToFirst();
        }
        Results results = new Results();
        for (pass(!reverse); iterator.isValid(); pass(!reverse)) {
            results.add(shown());
            step(!reverse);
        }
        return results.toString();
    }

    private boolean refusesToMove(boolean forward) {
        try {
            step(forward);
            return false;
        } catch (IllegalStateException expected) {
            return true;
        }
    }

    private void pass(boolean forward) {
        while (iterator.isValid() && iterator.valueLength() > 0 && Droppable.is(iterator.value())) {
            step(forward);
        }
    }

    private void step(boolean forward) {
        if (forward) {
            iterator.next();
        } else {
            iterator.prev();
        }
    }

    private String shown() {
        return iterator.isValid() ? Results.entry(iterator.key(), Droppable.lasting(iterator.value())) : Subject.END;
    }
}
