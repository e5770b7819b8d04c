package io.forebay.store.memtable;

import io.forebay.store.key.InternalIterator;
import io.forebay.store.util.Slab;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * The versions of a memtable up to a limit, in internal order. Versions up to the limit never change, because the reader has a
 * claim to the limit; newer versions are skipped by their sequence number alone. Used by one thread, but for {@link #close}.
 */
final class MemtableIterator extends InternalIterator {
    private static final VarHandle CLOSED;
    private static final int[] NONE = {};

    static {
        try {
            CLOSED = MethodHandles.lookup().findVarHandle(MemtableIterator.class, "closed", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Arena arena;
    private final long limit;
    /** Set once, before the iterator is handed out. */
    private OrderedCursor cursor;

    private int keyRef;
    private int inlineRef;
    private int versionRef;
    /** When moving backwards: the visible versions of the key from the newest one to the current one, which is the last. */
    private int[] newer = NONE;

    private int newerCount;
    private boolean backwards;

    // Atomic operations only
    @SuppressWarnings("unused") // accessed through CLOSED
    private boolean closed;

    /** The memtable stays until {@link #close}. */
    MemtableIterator(Arena arena, long limit) {
        super(true);
        this.arena = arena;
        this.limit = limit;
    }

    /** Takes over the cursor. */
    void open(OrderedCursor newCursor) {
        cursor = newCursor;
    }

    @Override
    public void seekToFirst() {
        forwardTo(cursor.first());
    }

    @Override
    public void seekToLast() {
        backwardTo(cursor.last());
    }

    @Override
    public void seek(byte[] target, int offset, int length) {
        forwardTo(cursor.firstFrom(target, offset, length));
    }

    @Override
    public void seekBefore(byte[] target, int offset, int length) {
        backwardTo(cursor.lastBefore(target, offset, length));
    }

    @Override
    public void next() {
        backwards = false;
        Slab slab = arena.slab(versionRef);
        int older = Records.older(slab, Arena.offset(versionRef), versionRef, inlineRef);
        if (older != 0) {
            loadVersion(older);
        } else {
            forwardTo(cursor.next());
        }
    }

    @Override
    public void prev() {
        if (!backwards) {
            collectNewer(versionRef);
        }
        if (--newerCount > 0) {
            loadVersion(newer[newerCount - 1]);
        } else {
            backwardTo(cursor.prev());
        }
    }

    @Override
    public boolean mayHaveOlder() {
        return versionRef != inlineRef;
    }

    @Override
    public boolean mayHaveNewer() {
        return !backwards || newerCount > 1;
    }

    /** Moves to the newest visible version of the first key from {@code ref} on that has a visible version. */
    private void forwardTo(int ref) {
        backwards = false;
        for (int candidate = ref; candidate != 0; candidate = cursor.next()) {
            int version = newestVisible(candidate);
            if (version != 0) {
                loadKey(candidate);
                loadVersion(version);
                return;
            }
        }
        valid = false;
    }

    /** Moves to the oldest version of the last key from {@code ref} back that has a visible version. */
    private void backwardTo(int ref) {
        for (int candidate = ref; candidate != 0; candidate = cursor.prev()) {
            if (newestVisible(candidate) != 0) {
                loadKey(candidate);
                collectNewer(0);
                loadVersion(newer[newerCount - 1]);
                return;
            }
        }
        valid = false;
    }

    /** Collects the visible versions of the current key, newest first, up to and with {@code last} (0: all). */
    private void collectNewer(int last) {
        backwards = true;
        newerCount = 0;
        int version = newestVisible(keyRef);
        while (version != 0) {
            if (newerCount == newer.length) {
                newer = Arrays.copyOf(newer, Math.max(8, newerCount * 2));
            }
            newer[newerCount++] = version;
            version =
                    version == last ? 0 : Records.older(arena.slab(version), Arena.offset(version), version, inlineRef);
        }
    }

    private int newestVisible(int key) {
        Slab slab = arena.slab(key);
        int at = Arena.offset(key);
        inlineRef = Records.inlineVersion(key, slab.getInt(at + Records.KEY_LENGTH));
        int version = slab.getIntAcquire(at + Records.NEWEST);
        while (version != 0) {
            Slab versionSlab = arena.slab(version);
            int versionAt = Arena.offset(version);
            if (Records.sequence(versionSlab.getLongAcquire(versionAt)) <= limit) {
                return version;
            }
            version = Records.older(versionSlab, versionAt, version, inlineRef);
        }
        return 0;
    }

    private void loadKey(int ref) {
        keyRef = ref;
        Slab slab = arena.slab(ref);
        int at = Arena.offset(ref);
        int length = slab.getInt(at + Records.KEY_LENGTH);
        ensureKey(length, 0);
        slab.get(at + Records.KEY, key, 0, length);
        keyLength = length;
        head = Slab.head(key, 0, length);
        inlineRef = Records.inlineVersion(ref, length);
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

    /**
     * Ends the use of the memtable, on any thread. The key and the other fields of the present entry stay readable, but not the value: a
     * reference to its slab would keep the region of the slab from being collected.
     */
    @Override
    public void close() {
        if (!(boolean) CLOSED.getAndSet(this, true)) {
            valueSlab = null;
            cursor.close();
        }
    }
}
