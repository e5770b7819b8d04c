package io.forebay.store.iter;

import io.forebay.store.KeyRange;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.TombstoneSet;
import io.forebay.store.util.Slab;
import java.io.IOException;

/**
 * Which of several sources, newest first, have a range delete over the place where a merge is. The answer holds for a
 * stretch of keys, so that a step inside of it costs one comparison. Range deletes above the limit do not exist here.
 */
final class Covers {
    /** Answer of {@link #spanEnd}: everything behind is covered. Compare by identity. */
    static final byte[] TO_THE_END = new byte[0];

    private final TombstoneSet[] tombstones;
    private final int count;
    private final long limit;
    private final KeyRange bounds;
    /** Newest range delete of each source over the stretch, or -1. */
    private final long[] newest;

    /** First source with a range delete over the stretch: all older sources are dead there. */
    private int first;

    private boolean known;
    /** End of the stretch in the direction of travel; null: none. Exclusive forward, inclusive in reverse. */
    private byte[] bound;

    private long boundHead;
    private byte[] scratch = new byte[64];

    /** @param bounds spans that reach out of them may be shown as if they ended there or anywhere behind */
    Covers(TombstoneSet[] tombstones, long limit, KeyRange bounds) {
        this.bounds = bounds;
        this.tombstones = tombstones;
        this.count = tombstones.length;
        this.limit = limit;
        this.newest = new long[count];
    }

    /** Forgets the stretch: the merge has jumped or turned. */
    void reset() {
        known = false;
    }

    /** True when a source newer than {@code source} deletes everything that {@code source} has here. */
    boolean isDead(int source) {
        return first < source;
    }

    /** Sequence of the newest range delete of {@code source} here, or -1. */
    long newest(int source) {
        return newest[source];
    }

    /** Must be called for every key of a forward pass before the questions above. */
    void moveForward(byte[] key, int length, long head) throws IOException {
        if (!known || bound != null && !isBefore(key, length, head)) {
            findForward(key, length);
        }
    }

    /** As {@link #moveForward}, of a reverse pass. */
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
        known = false; // as long as a file may fail to be read
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
        known = false; // as long as a file may fail to be read
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

    /** The key right behind {@code key}, in a buffer that the next call overwrites; it has {@code length + 1} bytes. */
    byte[] successor(byte[] key, int offset, int length) {
        if (scratch.length <= length) {
            scratch = new byte[Math.max(length + 1, scratch.length * 2)];
        }
        System.arraycopy(key, offset, scratch, 0, length);
        scratch[length] = 0;
        return scratch;
    }

    /** True when {@code source} deletes the key, or in reverse everything right before it. */
    boolean covers(int source, byte[] key, int offset, int length, boolean reverse) throws IOException {
        return covering(source, key, offset, length, reverse) != null;
    }

    /**
     * Walks from {@code key} over all fragments of the sources below {@code sources} (exclusive) that follow one another
     * without a gap.
     *
     * @return null when the key is not covered; {@link #TO_THE_END} or the first key behind the covered span otherwise
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
