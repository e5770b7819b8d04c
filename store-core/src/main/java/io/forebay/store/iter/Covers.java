package io.forebay.store.iter;

import io.forebay.store.KeyRange;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.FragmentArray;
import io.forebay.store.rangedel.TombstoneSet;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.util.Arrays;

/**
 * Tells which of several sources, newest first, have a range delete over the present key of a merge. The answer is valid for a
 * stretch of keys, so that a step within the stretch costs one comparison. Range deletes above the limit are ignored. Used by
 * one thread.
 */
final class Covers {
    /** Result of {@link #spanEnd} when all keys to the end are covered. Compared by identity. */
    static final byte[] TO_THE_END = new byte[0];

    private final TombstoneSet[] tombstones;
    private final int count;
    private final long limit;
    private final KeyRange bounds;
    /** For each source the sequence number of its newest range delete over the stretch, or -1. */
    private final long[] newest;

    /** The newest source with a range delete over the stretch: it deletes all that older sources have there. */
    private int first;

    private boolean known;
    /**
     * End of the stretch in the direction of travel: exclusive forward, inclusive in reverse; null when the stretch has no end.
     */
    private byte[] bound;

    private long boundHead;
    private byte[] scratch = new byte[64];

    /** @param bounds a span that reaches beyond them may be shown as if it ended at the bound, or anywhere beyond it */
    Covers(TombstoneSet[] tombstones, long limit, KeyRange bounds) {
        this.bounds = bounds;
        this.tombstones = tombstones;
        this.count = tombstones.length;
        this.limit = limit;
        this.newest = new long[count];
    }

    /**
     * Drops the range deletes of the newest {@code sources}, so that nothing refers to them. No caller moves the merge after it;
     * any thread.
     */
    void drop(int sources) {
        Arrays.fill(tombstones, 0, sources, FragmentArray.EMPTY);
    }

    /** Forgets the stretch, because the merge has jumped or changed its direction. */
    void reset() {
        known = false;
    }

    /** True when a source newer than {@code source} deletes everything that {@code source} has at the present key. */
    boolean isDead(int source) {
        return first < source;
    }

    /** Sequence number of the newest range delete of {@code source} over the present key, or -1. */
    long newest(int source) {
        return newest[source];
    }

    /** Moves to a key of a forward pass. The methods above are about that key. */
    void moveForward(byte[] key, int length, long head) throws IOException {
        if (!known || bound != null && !isBefore(key, length, head)) {
            findForward(key, length);
        }
    }

    /**
     * True when no source has a range delete over the key, as far as that is known without a look at the range deletes. The key is the
     * next one of a pass in the direction of the last move.
     */
    boolean isClear(byte[] key, int length, long head, boolean reverse) {
        return known && first == count && (bound == null || isBefore(key, length, head) != reverse);
    }

    /** As {@link #moveForward}, for a key of a reverse pass. */
    void moveBackward(byte[] key, int length, long head) throws IOException {
        if (!known || bound != null && isBefore(key, length, head)) {
            findBackward(key, length);
        }
    }

    private boolean isBefore(byte[] key, int length, long head) {
        int byHead = Long.compareUnsigned(head, boundHead);
        return byHead != 0 ? byHead < 0 : Keys.compareTails(key, length, bound, bound.length) < 0;
    }

    private void findForward(byte[] key, int length) throws IOException {
        known = false; // until all files have been read: a read may fail
        bound = null;
        first = count;
        for (int i = count - 1; i >= 0; i--) {
            newest[i] = -1;
            Fragment fragment = tombstones[i].isEmpty() ? null : tombstones[i].endingAfter(key, 0, length);
            if (fragment == null) {
                continue;
            }
            byte[] start = fragment.start();
            if (Slab.compare(start, 0, start.length, key, 0, length) > 0) {
                lower(start);
                continue;
            }
            cover(i, fragment);
            if (fragment.end() != null) {
                lower(fragment.end());
            }
        }
        boundHead = bound == null ? 0 : Slab.head(bound, 0, bound.length);
        known = true;
    }

    private void findBackward(byte[] key, int length) throws IOException {
        byte[] after = successor(key, 0, length);
        known = false; // until all files have been read: a read may fail
        bound = null;
        first = count;
        for (int i = count - 1; i >= 0; i--) {
            newest[i] = -1;
            Fragment fragment = tombstones[i].isEmpty() ? null : tombstones[i].startingBefore(after, 0, length + 1);
            if (fragment == null) {
                continue;
            }
            byte[] end = fragment.end();
            if (end != null && Slab.compare(end, 0, end.length, key, 0, length) <= 0) {
                raise(end);
                continue;
            }
            cover(i, fragment);
            raise(fragment.start());
        }
        boundHead = bound == null ? 0 : Slab.head(bound, 0, bound.length);
        known = true;
    }

    private void cover(int source, Fragment fragment) {
        newest[source] = fragment.newestAtOrBelow(limit);
        if (newest[source] >= 0) {
            first = source;
        }
    }

    private void lower(byte[] key) {
        if (bound == null || Slab.compare(key, 0, key.length, bound, 0, bound.length) < 0) {
            bound = key;
        }
    }

    private void raise(byte[] key) {
        if (bound == null || Slab.compare(key, 0, key.length, bound, 0, bound.length) > 0) {
            bound = key;
        }
    }

    /** The key right after {@code key}, of {@code length + 1} bytes, in a buffer that the next call overwrites. */
    byte[] successor(byte[] key, int offset, int length) {
        if (scratch.length <= length) {
            scratch = new byte[Math.max(length + 1, scratch.length * 2)];
        }
        System.arraycopy(key, offset, scratch, 0, length);
        scratch[length] = 0;
        return scratch;
    }

    /** True when {@code source} deletes the keys right before the key. */
    boolean coversBefore(int source, byte[] key, int offset, int length) throws IOException {
        return covering(source, key, offset, length, true) != null;
    }

    /**
     * Walks from {@code key} over the fragments that follow each other without a gap, of the sources with indexes below
     * {@code sources}.
     *
     * @return null when the key is not covered; else the first key after the covered span, or {@link #TO_THE_END}
     */
    byte[] spanEnd(int sources, byte[] key, int offset, int length) throws IOException {
        byte[] end = null;
        byte[] at = key;
        int atOffset = offset;
        int atLength = length;
        for (int i = 0; i < sources; i++) {
            Fragment fragment = covering(i, at, atOffset, atLength, false);
            if (fragment != null) {
                end = fragment.end();
                if (end == null) {
                    return TO_THE_END;
                }
                if (bounds.to() != null && Slab.compare(end, 0, end.length, bounds.to(), 0, bounds.to().length) >= 0) {
                    return end;
                }
                at = end;
                atOffset = 0;
                atLength = end.length;
                i = -1;
            }
        }
        return end;
    }

    /**
     * As {@link #spanEnd} of the sources up to {@code source}, when that one covers the key itself; else null, also if a newer one covers
     * the key.
     */
    byte[] spanEndOf(int source, byte[] key, int offset, int length) throws IOException {
        Fragment fragment = covering(source, key, offset, length, false);
        if (fragment == null) {
            return null;
        }
        byte[] end = fragment.end();
        if (end == null) {
            return TO_THE_END;
        }
        byte[] further = spanEnd(source + 1, end, 0, end.length);
        return further == null ? end : further;
    }

    /**
     * As {@link #spanEnd} in reverse, for the keys right before {@code key}: null when they are not covered, else the
     * first key of the covered span.
     */
    byte[] spanStart(int sources, byte[] key, int offset, int length) throws IOException {
        byte[] start = null;
        byte[] at = key;
        int atOffset = offset;
        int atLength = length;
        for (int i = 0; i < sources; i++) {
            Fragment fragment = covering(i, at, atOffset, atLength, true);
            if (fragment != null) {
                start = fragment.start();
                if (Slab.compare(start, 0, start.length, bounds.from(), 0, bounds.from().length) <= 0) {
                    return start;
                }
                at = start;
                atOffset = 0;
                atLength = start.length;
                i = -1;
            }
        }
        return start;
    }

    private Fragment covering(int source, byte[] key, int offset, int length, boolean reverse) throws IOException {
        TombstoneSet from = tombstones[source];
        if (from.isEmpty()) {
            return null;
        }
        Fragment fragment = reverse ? from.startingBefore(key, offset, length) : from.covering(key, offset, length);
        if (fragment == null || fragment.newestAtOrBelow(limit) < 0) {
            return null;
        }
        byte[] end = fragment.end();
        return reverse && end != null && Slab.compare(end, 0, end.length, key, offset, length) < 0 ? null : fragment;
    }
}
