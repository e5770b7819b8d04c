package io.forebay.flink.key;

import io.forebay.store.KeyRange;
import java.util.Arrays;
import org.apache.flink.annotation.Internal;
import org.apache.flink.runtime.state.KeyGroupRange;

/**
 * The layout of a row key, and the conversion between a row key and the key of Flink's canonical savepoint format. Static.
 *
 * <pre>
 *   row       --> keyGroup:2 stateId:4 rest
 *   canonical --> keyGroup:(1 or 2) rest
 *   rest      --> key [keyLength] namespace [namespaceLength] [userKey]     key/value state
 *              |  timestamp key namespace                                   timer
 * </pre>
 *
 * All numbers are big-endian. {@code rest} is byte for byte what Flink's own {@code CompositeKeySerializationUtils}
 * write. A length follows the part that it measures, low byte first. The lengths exist only if the serializers of key and
 * namespace are both of variable length.
 */
@Internal
public final class KeyLayout {
    /** Bytes of the key group at the start of every row. */
    public static final int KEY_GROUP_BYTES = 2;

    /** Bytes before {@code rest}. */
    public static final int PREFIX_BYTES = KEY_GROUP_BYTES + Integer.BYTES;

    private KeyLayout() {}

    public static int keyGroup(byte[] row) {
        return (row[0] & 0xFF) << 8 | (row[1] & 0xFF);
    }

    public static int stateId(byte[] row) {
        return row[2] << 24 | (row[3] & 0xFF) << 16 | (row[4] & 0xFF) << 8 | (row[5] & 0xFF);
    }

    public static void putStateId(byte[] row, int stateId) {
        row[2] = (byte) (stateId >>> 24);
        row[3] = (byte) (stateId >>> 16);
        row[4] = (byte) (stateId >>> 8);
        row[5] = (byte) stateId;
    }

    /** The first {@value #PREFIX_BYTES} bytes of all rows of one state in one key group. */
    public static byte[] prefix(int keyGroup, int stateId) {
        byte[] prefix = new byte[PREFIX_BYTES];
        putKeyGroup(prefix, keyGroup);
        putStateId(prefix, stateId);
        return prefix;
    }

    /** All rows of the key groups in {@code range}, of all states. */
    public static KeyRange rows(KeyGroupRange range) {
        byte[] from = new byte[KEY_GROUP_BYTES];
        byte[] to = new byte[KEY_GROUP_BYTES];
        putKeyGroup(from, range.getStartKeyGroup());
        putKeyGroup(to, range.getEndKeyGroup() + 1);
        return KeyRange.of(from, to);
    }

    /** The canonical key of {@code row[0, length)} with {@code keyGroupBytes} bytes for the key group. */
    public static byte[] toCanonical(byte[] row, int length, int keyGroupBytes) {
        int rest = length - PREFIX_BYTES;
        byte[] canonical = new byte[keyGroupBytes + rest];
        System.arraycopy(row, KEY_GROUP_BYTES - keyGroupBytes, canonical, 0, keyGroupBytes);
        System.arraycopy(row, PREFIX_BYTES, canonical, keyGroupBytes, rest);
        return canonical;
    }

    /** The row key of a canonical key whose key group takes {@code keyGroupBytes} bytes. */
    public static byte[] fromCanonical(byte[] canonical, int keyGroupBytes, int stateId) {
        int rest = canonical.length - keyGroupBytes;
        byte[] row = new byte[PREFIX_BYTES + rest];
        System.arraycopy(canonical, 0, row, KEY_GROUP_BYTES - keyGroupBytes, keyGroupBytes);
        putStateId(row, stateId);
        System.arraycopy(canonical, keyGroupBytes, row, PREFIX_BYTES, rest);
        return row;
    }

    public static boolean startsWith(byte[] row, int length, byte[] prefix) {
        return length >= prefix.length && Arrays.equals(row, 0, prefix.length, prefix, 0, prefix.length);
    }

    private static void putKeyGroup(byte[] row, int keyGroup) {
        row[0] = (byte) (keyGroup >>> 8);
        row[1] = (byte) keyGroup;
    }
}
