package io.forebay.store.key;

import io.forebay.store.ValueBuffer;
import io.forebay.store.util.Slab;
import java.io.Closeable;
import java.io.IOException;
import java.util.Arrays;

/**
 * A cursor over the entries of one source in internal order: user key ascending (unsigned), then sequence descending.
 *
 * <p>The current key is always copied to a heap array, so that a comparison of cursors touches no slabs; the value is not
 * copied and is valid until the next move. A cursor that may stand still for long need not keep a long value: {@link
 * #copyValue()} then reads it again. Used by one thread. Subclasses set the protected fields after every move. Callers
 * must not change {@code key[0, keyLength)}, which the next move overwrites.
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
     * True when moves read a memtable, and {@link #valueSlab()} lies in one. All other accessors read objects of this cursor
     * only, also after the memtable was released.
     */
    public final boolean isInMemtable() {
        return inMemtable;
    }

    /** The name of the file in which this cursor stands, if it reads it where it is mapped; else null. */
    public String mappedFile() {
        return null;
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

    /** Sequence number of the entry; 0 for entries of the bottom run for which there can be nothing older. */
    public final long sequence() {
        return sequence;
    }

    /** One of {@link ValueKind}. */
    public final byte kind() {
        return kind;
    }

    /**
     * Where the value lies; undefined when {@link #valueLength()} is 0. Null when this cursor does not keep the value in memory:
     * when the value is long, or in a value file.
     */
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

    /** The value as a new array. */
    public final byte[] copyValue() throws IOException {
        if (valueLength == 0) {
            return new byte[0];
        }
        if (valueSlab != null) {
            return valueSlab.toByteArray(valueOffset, valueLength);
        }
        ValueBuffer copy = new ValueBuffer(0);
        readValue(copy);
        return copy.array().length == copy.length() ? copy.array() : copy.toByteArray();
    }

    /** Copies the value to {@code into}, which does not change when this throws. */
    public final void copyValue(ValueBuffer into) throws IOException {
        if (valueLength > 0 && valueSlab == null) {
            readValue(into);
            return;
        }
        byte[] bytes = into.reset(valueLength);
        if (valueLength > 0) {
            valueSlab.get(valueOffset, bytes, 0, valueLength);
        }
    }

    /** Copies the value to {@code into[at]}, which has room for it. */
    public final void copyValue(byte[] into, int at) throws IOException {
        if (valueLength > 0 && valueSlab == null) {
            readValue(into, at);
        } else if (valueLength > 0) {
            valueSlab.get(valueOffset, into, at, valueLength);
        }
    }

    /** Copies a value that this cursor has not kept in memory, as {@link #copyValue(byte[], int)} does. */
    protected void readValue(byte[] into, int at) throws IOException {
        throw new IllegalStateException("The value was given back");
    }

    /** Copies a value that this cursor has not kept in memory, as {@link #copyValue(ValueBuffer)} does. */
    protected void readValue(ValueBuffer into) throws IOException {
        throw new IllegalStateException("The value was given back");
    }

    /**
     * The value, for a caller that may read it after this cursor has moved, until it asks again or closes or lets go the cursor. Null when
     * this cursor has no such value, and it is to be copied before a move.
     */
    public PassedValue passedValue() {
        return null;
    }

    /** Compares the current user keys of two valid cursors. */
    public final int compareKey(InternalIterator other) {
        int byHead = Long.compareUnsigned(head, other.head);
        return byHead != 0 ? byHead : Arrays.compareUnsigned(key, 0, keyLength, other.key, 0, other.keyLength);
    }

    public abstract void seekToFirst() throws IOException;

    public abstract void seekToLast() throws IOException;

    /** Moves to the first entry whose user key is at or after the target (its newest version). */
    public abstract void seek(byte[] target, int offset, int length) throws IOException;

    /** Moves to the last entry whose user key is strictly before the target (its oldest version). */
    public abstract void seekBefore(byte[] target, int offset, int length) throws IOException;

    /** Moves to the next entry in internal order (an older version of the same key, or the next key). Needs {@link #isValid()}. */
    public abstract void next() throws IOException;

    /** Moves to the previous entry in internal order. Needs {@link #isValid()}. */
    public abstract void prev() throws IOException;

    /** False when this source is known to have no older entry of the present key; may be true although it has none. */
    public boolean mayHaveOlder() {
        return true;
    }

    /** False when this source is known to have no newer entry of the present key; may be true although it has none. */
    public boolean mayHaveNewer() {
        return true;
    }

    @Override
    public abstract void close();

    /**
     * Gives back memory and files. After it no caller moves the cursor or reads a value; any thread may call it. The accessors
     * of the present entry, except for its value, return the same as before. Idempotent, also with {@link #close}.
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
