package io.forebay.store.wal;

import io.forebay.store.CorruptionException;
import io.forebay.store.Store;
import io.forebay.store.WriteBatch;
import io.forebay.store.util.Varint;
import java.util.Arrays;

/**
 * Decodes the entries of one record, one after the other. Bytes that are no entry are a {@link CorruptionException}.
 * Used by one thread.
 */
final class WalEntries {
    private final String name;
    private final byte[] bytes;
    private final int to;
    /** Position of {@code bytes[0]} in the file; in an encrypted log approximately. */
    private final long position;

    private final WriteBatch batch = new WriteBatch();
    private int at;
    private byte[] commit;

    WalEntries(String name, byte[] bytes, int from, int to, long position) {
        this.name = name;
        this.bytes = bytes;
        this.to = to;
        this.position = position;
        at = from;
    }

    /** Moves to the next entry; false at the end. */
    boolean next() {
        if (at == to) {
            return false;
        }
        commit = null;
        batch.clear();
        int kind = bytes[at++];
        if (kind == WalFormat.COMMIT) {
            int length = length(Integer.MAX_VALUE);
            commit = new byte[length];
            System.arraycopy(bytes, at, commit, 0, length);
            at += length;
        } else if (kind == WalFormat.BATCH) {
            int count = number();
            if (count < 1) {
                throw corrupt("a batch of one write or more", Integer.toString(count));
            }
            for (int i = 0; i < count; i++) {
                if (at == to) {
                    throw corrupt(count + " writes of a batch", "the end after " + i);
                }
                write(bytes[at++]);
            }
        } else {
            write(kind);
        }
        return true;
    }

    /** The payload of the entry when it is a commit, otherwise null. */
    byte[] commit() {
        return commit;
    }

    /** The writes of the entry; valid until the next call of {@link #next}. */
    WriteBatch writes() {
        return batch;
    }

    /** How many sequence numbers the entry takes. */
    int count() {
        return commit != null ? 1 : batch.count();
    }

    /** Where the next entry starts, or the record ends. */
    long position() {
        return position + at;
    }

    private void write(int kind) {
        if (kind < WalFormat.PUT || kind > WalFormat.DELETE_RANGE) {
            at--;
            throw corrupt("the kind of a write", Integer.toString(kind));
        }
        int keyLength = length(Store.MAX_KEY_BYTES);
        int keyAt = at;
        at += keyLength;
        switch (kind) {
            case WalFormat.DELETE -> batch.delete(bytes, keyAt, keyLength);
            case WalFormat.DELETE_RANGE -> deleteRange(keyAt, keyLength);
            default -> {
                int valueLength = length(Store.MAX_VALUE_BYTES);
                int valueAt = at;
                at += valueLength;
                if (kind == WalFormat.PUT) {
                    batch.put(bytes, keyAt, keyLength, bytes, valueAt, valueLength);
                } else {
                    batch.merge(bytes, keyAt, keyLength, bytes, valueAt, valueLength);
                }
            }
        }
    }

    private void deleteRange(int fromAt, int fromLength) {
        byte[] from = Arrays.copyOfRange(bytes, fromAt, fromAt + fromLength);
        int coded = number();
        byte[] end = null;
        if (coded != 0) {
            int length = coded - 1;
            if (length < 0 || length > to - at || length > Store.MAX_KEY_BYTES) {
                throw corrupt("a length inside the record", Integer.toString(length));
            }
            end = Arrays.copyOfRange(bytes, at, at + length);
            at += length;
        }
        int before = batch.count();
        if (batch.deleteRange(from, end).count() == before) {
            throw corrupt("a range that holds keys", "an empty one");
        }
    }

    private int length(int max) {
        int length = number();
        if (length < 0 || length > to - at || length > max) {
            throw corrupt("a length inside the record", Integer.toString(length));
        }
        return length;
    }

    private int number() {
        try {
            int value = Varint.getInt(bytes, at);
            int next = at + Varint.size(value);
            if (next > to) {
                throw corrupt("a number inside the record", "the end of it");
            }
            at = next;
            return value;
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw corrupt("a number", "bytes that are none");
        }
    }

    private CorruptionException corrupt(String expected, String found) {
        return new CorruptionException(name, position + at, expected, found);
    }
}
