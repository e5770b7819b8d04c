package io.forebay.store.memtable;

import io.forebay.store.key.InternalIterator;
import io.forebay.store.util.Slab;

/**
 * All versions of an immutable memtable, in internal order, forwards only: what a flush reads.
 *
 * <p>Records that follow each other in key order lie anywhere in memory, so every step would wait for a cache miss. But the
 * order tells which records come next, and a processor fetches records at the same time if no fetch depends on another one. So
 * a group of records is touched before the first record of the group is read. Used by one thread.
 */
final class FlushIterator extends InternalIterator {
    /** Records that are fetched together. */
    private static final int GROUP = 16;

    private static final int LINE = 64;
    /**
     * How much of a record is fetched. The bytes after that are read in order, which the prefetcher of a processor foresees.
     */
    private static final int FETCHED_BYTES = 3 * LINE;

    private final Memtable memtable;
    private final Arena arena;
    private final int[] refs = new int[GROUP];
    /** Set once, before the iterator is handed out. */
    private OrderedCursor cursor;

    private int count;
    private int place;
    private int inlineRef;
    private int versionRef;
    private boolean closed;
    /** Written so that no compiler removes the loads. */
    @SuppressWarnings("unused")
    private long touched;

    FlushIterator(Memtable memtable, Arena arena) {
        this.memtable = memtable;
        this.arena = arena;
    }

    /** Takes over a reference of the memtable, and the cursor. */
    void open(OrderedCursor newCursor) {
        cursor = newCursor;
    }

    @Override
    public void seekToFirst() {
        fetch(cursor.first());
        loadKey();
    }

    @Override
    public void seek(byte[] target, int offset, int length) {
        fetch(cursor.firstFrom(target, offset, length));
        loadKey();
    }

    @Override
    public void next() {
        int older = Records.older(valueSlab, valueOffset - Records.VALUE, versionRef, inlineRef);
        if (older != 0) {
            loadVersion(older);
        } else {
            if (++place == count) {
                fetch(count < GROUP ? 0 : cursor.next());
            }
            loadKey();
        }
    }

    private void loadKey() {
        if (count == 0) {
            valid = false;
            return;
        }
        int ref = refs[place];
        Slab slab = arena.slab(ref);
        int at = Arena.offset(ref);
        int length = slab.getInt(at + Records.KEY_LENGTH);
        ensureKey(length, 0);
        slab.get(at + Records.KEY, key, 0, length);
        keyLength = length;
        head = Slab.head(key, 0, length);
        inlineRef = Records.inlineVersion(ref, length);
        loadVersion(slab.getIntAcquire(at + Records.NEWEST));
    }

    /** Makes the key {@code first} (0 for none) and the keys after it the group. */
    private void fetch(int first) {
        int filled = 0;
        for (int ref = first; ref != 0; ref = cursor.next()) {
            refs[filled++] = ref;
            if (filled == GROUP) {
                break;
            }
        }
        count = filled;
        place = 0;
        long sum = 0;
        for (int i = 0; i < filled; i++) {
            Slab slab = arena.slab(refs[i]);
            int at = Arena.offset(refs[i]);
            int stop = Math.min(at + FETCHED_BYTES, slab.capacity() - Integer.BYTES);
            for (int line = at; line < stop; line += LINE) {
                sum += slab.getInt(line);
            }
        }
        for (int i = 0; i < filled; i++) {
            int newest = arena.slab(refs[i]).getInt(Arena.offset(refs[i]) + Records.NEWEST);
            sum += arena.slab(newest).getInt(Arena.offset(newest));
        }
        touched = sum;
    }

    private void loadVersion(int ref) {
        versionRef = ref;
        Slab slab = arena.slab(ref);
        int at = Arena.offset(ref);
        long word = slab.getLong(at);
        sequence = Records.sequence(word);
        kind = Records.kind(word);
        valueSlab = slab;
        valueOffset = at + Records.VALUE;
        valueLength = slab.getInt(at + Records.LENGTH);
        valid = true;
    }

    @Override
    public boolean mayHaveOlder() {
        return versionRef != inlineRef;
    }

    @Override
    public void seekToLast() {
        throw forwardsOnly();
    }

    @Override
    public void seekBefore(byte[] target, int offset, int length) {
        throw forwardsOnly();
    }

    @Override
    public void prev() {
        throw forwardsOnly();
    }

    private static UnsupportedOperationException forwardsOnly() {
        return new UnsupportedOperationException("A flush reads forwards only");
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            valid = false;
            valueSlab = null;
            cursor.close();
            memtable.release();
        }
    }
}
