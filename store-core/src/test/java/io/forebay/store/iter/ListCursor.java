package io.forebay.store.iter;

import io.forebay.store.key.InternalIterator;
import io.forebay.store.util.Slab;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/** A cursor over a list. Counts its moves, and spoils key and value with every move and at the close, as real ones may. */
public final class ListCursor extends InternalIterator {
    private final List<ModelEntry> entries;
    private int at = -1;
    private boolean closed;
    int steps;
    int seeks;

    /** @param entries in internal order */
    public ListCursor(List<ModelEntry> entries) {
        this.entries = entries;
    }

    public boolean isClosed() {
        return closed;
    }

    @Override
    public void seekToFirst() {
        seeks++;
        show(0);
    }

    @Override
    public void seekToLast() {
        seeks++;
        show(entries.size() - 1);
    }

    @Override
    public void seek(byte[] target, int offset, int length) {
        seeks++;
        show(firstAtOrAfter(target, offset, length));
    }

    @Override
    public void seekBefore(byte[] target, int offset, int length) {
        seeks++;
        show(firstAtOrAfter(target, offset, length) - 1);
    }

    private int firstAtOrAfter(byte[] target, int offset, int length) {
        byte[] key = Arrays.copyOfRange(target, offset, offset + length);
        int low = 0;
        int high = entries.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (Arrays.compareUnsigned(entries.get(middle).key(), key) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    @Override
    public void next() {
        requireValid();
        steps++;
        show(at + 1);
    }

    @Override
    public void prev() {
        requireValid();
        steps++;
        show(at - 1);
    }

    /** Knows it, but for every third entry. */
    @Override
    public boolean mayHaveOlder() {
        return at % 3 == 0 || isSameKey(at + 1);
    }

    @Override
    public boolean mayHaveNewer() {
        return at % 3 == 0 || isSameKey(at - 1);
    }

    private boolean isSameKey(int other) {
        return other >= 0
                && other < entries.size()
                && Arrays.equals(entries.get(at).key(), entries.get(other).key());
    }

    private void requireValid() {
        if (!valid) {
            throw new IllegalStateException("A step from nowhere");
        }
    }

    private void show(int index) {
        if (closed) {
            throw new IllegalStateException("Moved after close");
        }
        spoil();
        at = index;
        valid = index >= 0 && index < entries.size();
        if (valid) {
            ModelEntry entry = entries.get(index);
            ensureKey(entry.key().length, 0);
            System.arraycopy(entry.key(), 0, key, 0, entry.key().length);
            keyLength = entry.key().length;
            head = Slab.head(key, 0, keyLength);
            sequence = entry.sequence();
            kind = entry.kind();
            valueLength = entry.value().length;
            valueOffset = 3;
            valueSlab = null;
            if (valueLength > 0) {
                byte[] padded = new byte[valueLength + 3];
                System.arraycopy(entry.value(), 0, padded, 3, valueLength);
                valueSlab = new Slab(ByteBuffer.wrap(padded));
            }
        }
    }

    private void spoil() {
        Arrays.fill(key, (byte) 0xEE);
        keyLength = 5;
        head = 0xEEEEEEEEEEEEEEEEL;
        sequence = -7;
        kind = 99;
        if (valueSlab != null) {
            for (int i = 0; i < valueSlab.capacity(); i++) {
                valueSlab.putByte(i, (byte) 0xEE);
            }
        }
    }

    @Override
    public void close() {
        spoil();
        valid = false;
        closed = true;
    }
}
