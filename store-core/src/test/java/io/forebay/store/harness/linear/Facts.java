package io.forebay.store.harness.linear;

import io.forebay.store.StoreIterator;
import java.util.Arrays;
import java.util.Random;

/** What one view of one moment has shown so far. One thread. */
final class Facts {
    private static final int KEYS = KeySpace.KEYS;

    private final boolean[] known = new boolean[KEYS];
    private final byte[][] values = new byte[KEYS][];
    private int count;
    /** Shown twice, and not the same. -1: none was. */
    private int changed = -1;

    private byte[] changedValue;

    /** @param value null: it was absent */
    void add(int key, byte[] value) {
        if (!known[key]) {
            known[key] = true;
            values[key] = value;
            count++;
        } else if (changed < 0 && !Arrays.equals(values[key], value)) {
            changed = key;
            changedValue = value;
        }
    }

    /** A read of all that was shown; when something has changed, no state explains it. */
    Call toRead(int thread, long called, long returned, String what) {
        int length = count + (changed < 0 ? 0 : 1);
        int[] keys = new int[length];
        byte[][] seen = new byte[length][];
        for (int key = 0, at = 0; key < KEYS; key++) {
            if (known[key]) {
                keys[at] = key;
                seen[at++] = values[key];
            }
        }
        if (changed >= 0) {
            keys[count] = changed;
            seen[count] = changedValue;
        }
        return Call.read(thread, called, returned, what, keys, seen);
    }

    /** Everything, in one direction. @return how often the iterator was moved */
    int scan(StoreIterator iterator, boolean forward) {
        int moves = 1;
        int at = forward ? -1 : KEYS;
        if (forward) {
            iterator.seekToFirst();
        } else {
            iterator.seekToLast();
        }
        while ((at = arrive(iterator, at, forward)) >= 0 && at < KEYS) {
            moves++;
            if (forward) {
                iterator.next();
            } else {
                iterator.prev();
            }
        }
        return moves;
    }

    /** Here and there. @return how often the iterator was moved */
    int walk(StoreIterator iterator, Random random, int moves) {
        int at = -1;
        for (int i = 0; i < moves; i++) {
            boolean forward = random.nextBoolean();
            boolean isOn = at >= 0 && at < KEYS;
            if (isOn && random.nextInt(8) > 0) {
                if (forward) {
                    iterator.next();
                } else {
                    iterator.prev();
                }
            } else {
                int target = random.nextInt(KEYS);
                at = forward ? target - 1 : target + 1;
                if (forward) {
                    iterator.seek(KeySpace.bytes(target));
                } else {
                    iterator.seekForPrev(KeySpace.bytes(target));
                }
            }
            at = arrive(iterator, at, forward);
        }
        return moves;
    }

    /** Notes what a move from {@code from}, exclusive, has shown. @return where the iterator is */
    private int arrive(StoreIterator iterator, int from, boolean forward) {
        int at = forward ? KEYS : -1;
        if (iterator.isValid()) {
            at = KeySpace.number(iterator.key());
            if (at < 0 || (forward ? at <= from : at >= from)) {
                throw new AssertionError("An iterator went " + (forward ? "forward" : "back") + " from " + from + " to "
                        + Arrays.toString(iterator.key()));
            }
        }
        for (int key = forward ? from + 1 : from - 1; key != at; key += forward ? 1 : -1) {
            add(key, null);
        }
        if (at >= 0 && at < KEYS) {
            add(at, iterator.value());
        }
        return at;
    }
}
