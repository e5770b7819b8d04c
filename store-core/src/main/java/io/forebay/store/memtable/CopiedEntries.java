package io.forebay.store.memtable;

import io.forebay.store.util.Slab;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * A few entries that follow each other in a memtable, copied to one array on the heap in the direction of travel. Their reader
 * needs no memtable to read them and to step from one to the next. Used by one thread.
 *
 * <pre>
 * entry
 *   0  word     long  as in a version of the memtable
 *   8  key      int   length
 *  12  value    int   length
 *  16  key and value
 * </pre>
 */
final class CopiedEntries {
    /** Entries of one group. */
    static final int MOST = 16;

    private static final int MOST_BYTES = 4 << 10;
    /** A longer value is not copied before the user asks for it. */
    private static final int VALUE_MAX = 512;

    private static final int KEY_LENGTH = 8;
    private static final int VALUE_LENGTH = 12;
    private static final int KEY = 16;

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.nativeOrder());

    private byte[] bytes = {};
    private int added;
    private int end;
    private int taken;
    /** The entry that was taken last. */
    private int at;

    /** Forgets all entries, and makes room for about {@code expected} entries like that of these lengths. */
    void clear(int expected, int keyLength, int valueLength) {
        added = 0;
        end = 0;
        taken = 0;
        at = 0;
        int wanted = Math.min(MOST_BYTES, expected * (KEY + keyLength + Math.min(valueLength, VALUE_MAX) + 8));
        if (bytes.length < wanted) {
            bytes = new byte[wanted];
        }
    }

    /** Appends an entry. False when the entry is too long, or there is no room for it. */
    boolean add(Slab keySlab, int keyRecord, Slab valueSlab, int version) {
        int keyLength = keySlab.getInt(keyRecord + Records.KEY_LENGTH);
        int valueLength = valueSlab.getInt(version + Records.LENGTH);
        if (keyLength > MOST_BYTES || valueLength > VALUE_MAX) {
            return false;
        }
        int length = KEY + keyLength + valueLength;
        if (end + length > bytes.length) {
            if (added > 0 || length > MOST_BYTES) {
                return false;
            }
            bytes = new byte[length];
        }
        LONG.set(bytes, end, valueSlab.getLong(version));
        INT.set(bytes, end + KEY_LENGTH, keyLength);
        INT.set(bytes, end + VALUE_LENGTH, valueLength);
        keySlab.get(keyRecord + Records.KEY, bytes, end + KEY, keyLength);
        if (valueLength > 0) {
            valueSlab.get(version + Records.VALUE, bytes, end + KEY + keyLength, valueLength);
        }
        end += length;
        added++;
        return true;
    }

    int count() {
        return added;
    }

    boolean hasNext() {
        return taken < added;
    }

    /** Moves to the next entry, which must exist. The accessors below are about that entry. */
    void next() {
        if (taken > 0) {
            at = valueOffset() + valueLength();
        }
        taken++;
    }

    byte[] array() {
        return bytes;
    }

    long word() {
        return (long) LONG.get(bytes, at);
    }

    int keyOffset() {
        return at + KEY;
    }

    int keyLength() {
        return (int) INT.get(bytes, at + KEY_LENGTH);
    }

    int valueOffset() {
        return at + KEY + keyLength();
    }

    int valueLength() {
        return (int) INT.get(bytes, at + VALUE_LENGTH);
    }
}
