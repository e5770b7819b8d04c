package io.forebay.store.key;

import io.forebay.store.util.Slab;
import java.io.Closeable;
import java.io.IOException;
import java.util.Arrays;

/**
 * A cursor over the entries of one source in internal order: user key ascending (unsigned), then sequence descending.
 *
 * <p>The current key is always copied to a heap array, so that comparing cursors touches no foreign memory; the value
 * stays where it lies and is valid until the next move. Used by one thread. Subclasses set the protected fields after
 * every move. {@code key[0, keyLength)} must not be changed by callers and is overwritten by the next move.
 */
public abstract class InternalIterator implements Closeable {
    private final boolean inMemtable;

    protected byte[] key = new byte[64];
    protected int keyLength;
    /** First eight key bytes, see {@link Slab#head}. */
    protected long head;

    protected boolean valid;
    protected long sequence;
    protected byte kind;
    protected Slab valueSlab;
    protected int valueOffset;
    protected int valueLength;

    protected InternalIterator() {
        this(false);
    }

    /** @param inMemtable as of {@link #isInMemtable} */
    protected InternalIterator(boolean inMemtable) {
        this.inMemtable = inMemtable;
    }

    /**
     * True when moves, and the bytes of values, read a memtable. All other accessors answer from objects of this cursor, also
     * after the memtable was released.
     */
    public final boolean isInMemtable() {
        return inMemtable;
    }

    public final boolean isValid() {
        return valid;
    }

    public final byte[] key() {
        return key;
    }

    public final int keyLength() {
        return keyLength;
    }

    public final long head() {
        return head;
    }

    /** Sequence number of the entry; 0 for entries of the bottom level that nothing can be older than. */
    public final long sequence() {
        return sequence;
    }

    /** One of {@link ValueKind}. */
    public final byte kind() {
        return kind;
    }

    /** Where the value lies; meaningless when {@link #valueLength()} is 0. */
    public final Slab valueSlab() {
        return valueSlab;
    }

    public final int valueOffset() {
        return valueOffset;
    }

    public final int valueLength() {
        return valueLength;
    }

    public final byte[] copyKey() {
        return Arrays.copyOf(key, keyLength);
    }

    public final byte[] copyValue() {
        return valueLength == 0 ? new byte[0] : valueSlab.toByteArray(valueOffset, valueLength);
    }

    /** Compares the current user keys of two valid cursors. */
    public final int compareKey(InternalIterator other) {
        int byHead = Long.compareUnsigned(head, other.head);
        return byHead != 0 ? byHead : Arrays.compareUnsigned(key, 0, keyLength, other.key, 0, other.keyLength);
    }

    public abstract void seekToFirst() throws IOException;

    public abstract void seekToLast() throws IOException;

    /** To the first entry whose user key is at or after the target (its newest version). */
    public abstract void seek(byte[] target, int offset, int length) throws IOException;

    /** To the last entry whose user key is strictly before the target (its oldest version). */
    public abstract void seekBefore(byte[] target, int offset, int length) throws IOException;

    /** To the next entry in internal order (an older version of the same key, or the next key). Needs {@link #isValid()}. */
    public abstract void next() throws IOException;

    /** To the previous entry in internal order. Needs {@link #isValid()}. */
    public abstract void prev() throws IOException;

    /** False when this source is known to hold no older entry of the present key. May err on the side of true. */
    public boolean mayHaveOlder() {
        return true;
    }

    /** False when this source is known to hold no newer entry of the present key. May err on the side of true. */
    public boolean mayHaveNewer() {
        return true;
    }

    @Override
    public abstract void close();

    /**
     * Gives back memory and files once nobody moves the cursor or reads values any more, by a thread of its own maybe. What the
     * accessors say of the present entry stays. Idempotent, also with {@link #close}.
     */
    public void letGo() {
        close();
    }

    /** Makes room for {@code length} key bytes, keeping the first {@code keep}. */
    protected final void ensureKey(int length, int keep) {
        if (key.length < length) {
            byte[] larger = new byte[Math.max(length, key.length * 2)];
            System.arraycopy(key, 0, larger, 0, keep);
            key = larger;
        }
    }
}
