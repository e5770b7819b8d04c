package io.forebay.flink.iterator;

import io.forebay.flink.key.KeyLayout;
import io.forebay.store.KeyRange;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import java.io.IOException;
import java.util.Arrays;
import javax.annotation.Nullable;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.state.CompositeKeySerializationUtils;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.util.FlinkRuntimeException;

/**
 * A cursor over the distinct pairs of key and namespace of one state, in row order, as they were when the cursor was
 * opened: it does not see later writes. After the constructor it is on the first pair. Used by one thread at a time. The
 * caller closes it, because it pins memory and files.
 */
final class StateKeyIterator<K, N> implements AutoCloseable {
    /** After so many rows of one map the cursor seeks to the end of the map, instead of stepping. */
    private static final int STEPS_BEFORE_SEEK = 8;

    private final StoreIterator rows;
    private final int stateId;
    private final int lastKeyGroup;
    private final TypeSerializer<K> keySerializer;
    private final TypeSerializer<N> namespaceSerializer;
    private final boolean ambiguous;

    @Nullable
    private final byte[] onlyNamespace;

    private final DataInputDeserializer in = new DataInputDeserializer();
    private byte[] prefix;
    private int keyGroup;
    private byte[] pair;
    private K key;
    private N namespace;

    /** @param onlyNamespace pairs of other namespaces are skipped; null for all namespaces */
    StateKeyIterator(
            Store store,
            int stateId,
            KeyGroupRange keyGroups,
            TypeSerializer<K> keySerializer,
            TypeSerializer<N> namespaceSerializer,
            @Nullable N onlyNamespace) {
        this.stateId = stateId;
        this.lastKeyGroup = keyGroups.getEndKeyGroup();
        this.keySerializer = keySerializer;
        this.namespaceSerializer = namespaceSerializer;
        this.ambiguous = CompositeKeySerializationUtils.isAmbiguousKeyPossible(keySerializer, namespaceSerializer);
        this.onlyNamespace = onlyNamespace == null ? null : bytesOf(onlyNamespace);
        this.keyGroup = keyGroups.getStartKeyGroup();
        this.prefix = KeyLayout.prefix(keyGroup, stateId);
        this.rows = store.iterator(KeyLayout.rows(keyGroups));
        try {
            rows.seek(prefix);
            findPair();
        } catch (RuntimeException | Error e) {
            rows.close();
            throw e;
        }
    }

    boolean isValid() {
        return pair != null;
    }

    K key() {
        return key;
    }

    N namespace() {
        return namespace;
    }

    /** Orders the cursors of several states of one backend by key group, then key and namespace. Both must be valid. */
    int compareTo(StateKeyIterator<?, ?> other) {
        return keyGroup != other.keyGroup
                ? Integer.compare(keyGroup, other.keyGroup)
                : Arrays.compareUnsigned(
                        pair,
                        KeyLayout.PREFIX_BYTES,
                        pair.length,
                        other.pair,
                        KeyLayout.PREFIX_BYTES,
                        other.pair.length);
    }

    void next() {
        int steps = 0;
        rows.next();
        while (rows.isValid() && KeyLayout.startsWith(rows.keyArray(), rows.keyLength(), pair)) {
            if (++steps < STEPS_BEFORE_SEEK) {
                rows.next();
            } else {
                rows.seek(KeyRange.prefixEnd(pair));
            }
        }
        findPair();
    }

    @Override
    public void close() {
        rows.close();
    }

    /** Moves to the first pair at or after the present row, if necessary in a later key group. */
    private void findPair() {
        pair = null;
        while (keyGroup <= lastKeyGroup && rows.isValid()) {
            if (!KeyLayout.startsWith(rows.keyArray(), rows.keyLength(), prefix)) {
                // After the state's rows of this key group, or before those of a later one: one seek in both cases.
                keyGroup = Math.max(keyGroup + 1, KeyLayout.keyGroup(rows.keyArray()));
                if (keyGroup <= lastKeyGroup) {
                    prefix = KeyLayout.prefix(keyGroup, stateId);
                    rows.seek(prefix);
                }
            } else if (readPair()) {
                return;
            } else {
                rows.next();
            }
        }
        rows.close();
    }

    private boolean readPair() {
        byte[] row = rows.keyArray();
        int length = rows.keyLength();
        try {
            in.setBuffer(row, KeyLayout.PREFIX_BYTES, length - KeyLayout.PREFIX_BYTES);
            K readKey = CompositeKeySerializationUtils.readKey(keySerializer, in, ambiguous);
            int namespaceAt = in.getPosition();
            if (onlyNamespace != null
                    && (length - namespaceAt < onlyNamespace.length
                            || !Arrays.equals(
                                    row,
                                    namespaceAt,
                                    namespaceAt + onlyNamespace.length,
                                    onlyNamespace,
                                    0,
                                    onlyNamespace.length))) {
                return false;
            }
            namespace = CompositeKeySerializationUtils.readNamespace(namespaceSerializer, in, ambiguous);
            key = readKey;
            pair = Arrays.copyOf(row, in.getPosition());
            return true;
        } catch (IOException e) {
            throw new FlinkRuntimeException("Cannot read the key of a row", e);
        }
    }

    private byte[] bytesOf(N wanted) {
        DataOutputSerializer out = new DataOutputSerializer(16);
        try {
            CompositeKeySerializationUtils.writeNameSpace(wanted, namespaceSerializer, out, ambiguous);
        } catch (IOException e) {
            throw new FlinkRuntimeException("Cannot serialize the namespace " + wanted, e);
        }
        return out.getCopyOfBuffer();
    }
}
