package io.forebay.store.testing;

import io.forebay.store.EntryBatch;
import io.forebay.store.KeyRange;
import io.forebay.store.ReadView;
import io.forebay.store.StoreIterator;
import io.forebay.store.ValueBuffer;
import java.util.Arrays;

/** All entries that {@link ReadView#scan} finds in a range, to be walked over as with an iterator. */
public final class ScannedEntries implements StoreIterator {
    private final EntryBatch entries = EntryBatch.of(Integer.MAX_VALUE, Integer.MAX_VALUE);
    private int at = -1;

    public ScannedEntries(ReadView view, KeyRange range) {
        view.scan(range, entries);
    }

    @Override
    public boolean isValid() {
        return at >= 0 && at < entries.size();
    }

    @Override
    public void seekToFirst() {
        at = 0;
    }

    @Override
    public void seekToLast() {
        at = entries.size() - 1;
    }

    @Override
    public void seek(byte[] key) {
        at = 0;
        while (isValid() && Arrays.compareUnsigned(key(), key) < 0) {
            at++;
        }
    }

    @Override
    public void seekForPrev(byte[] key) {
        at = entries.size() - 1;
        while (isValid() && Arrays.compareUnsigned(key(), key) > 0) {
            at--;
        }
    }

    @Override
    public void next() {
        checkValid();
        at++;
    }

    @Override
    public void prev() {
        checkValid();
        at--;
    }

    private void checkValid() {
        if (!isValid()) {
            throw new IllegalStateException("Not on an entry");
        }
    }

    @Override
    public byte[] key() {
        return entries.key(at);
    }

    @Override
    public byte[] value() {
        return entries.value(at);
    }

    @Override
    public byte[] keyArray() {
        return key();
    }

    @Override
    public int keyLength() {
        return entries.keyLength(at);
    }

    @Override
    public int valueLength() {
        return entries.valueLength(at);
    }

    @Override
    public void value(ValueBuffer into) {
        byte[] value = value();
        System.arraycopy(value, 0, into.reset(value.length), 0, value.length);
    }

    @Override
    public void nextBatch(EntryBatch into) {
        throw new UnsupportedOperationException();
    }

    /** Has nothing to give back. */
    @Override
    public void close() {}
}
