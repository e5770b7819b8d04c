package io.forebay.flink.key;

import java.io.IOException;
import java.util.Arrays;
import org.apache.flink.annotation.Internal;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.state.CompositeKeySerializationUtils;
import org.apache.flink.util.FlinkRuntimeException;

/**
 * Builds row keys in one reused buffer. A key is serialized once, when it is selected. All states share the serialized
 * key, and put their id, namespace and user key around it. The row key is {@code array()[0, length())} until the next
 * call. Used by one thread.
 *
 * @param <K> type of the keys
 */
@Internal
public final class RowKey<K> {
    private final TypeSerializer<K> keySerializer;
    private final DataOutputSerializer out = new DataOutputSerializer(128);
    private int keyEnd;

    public RowKey(TypeSerializer<K> keySerializer) {
        this.keySerializer = keySerializer;
    }

    /**
     * Selects the key of the next rows. The key is serialized by this call, so the caller may change the object
     * afterwards.
     */
    public void setKey(K key, int keyGroup) {
        try {
            keyEnd = 0;
            out.clear();
            out.writeShort(keyGroup);
            out.writeInt(0);
            keySerializer.serialize(key, out);
            keyEnd = out.length();
        } catch (IOException e) {
            throw new FlinkRuntimeException("Cannot serialize the key " + key, e);
        }
    }

    /**
     * Builds the row key of the selected key in {@code namespace}.
     *
     * @param ambiguous {@link CompositeKeySerializationUtils#isAmbiguousKeyPossible} of the two serializers
     */
    public <N> void setRow(int stateId, N namespace, TypeSerializer<N> namespaceSerializer, boolean ambiguous) {
        if (keyEnd == 0) {
            throw new IllegalStateException("No key set. Keyed state can only be used in the context of a key.");
        }
        try {
            out.setPosition(keyEnd);
            if (ambiguous) {
                CompositeKeySerializationUtils.writeVariableIntBytes(keyEnd - KeyLayout.PREFIX_BYTES, out);
                CompositeKeySerializationUtils.writeNameSpace(namespace, namespaceSerializer, out, true);
            } else {
                namespaceSerializer.serialize(namespace, out);
            }
        } catch (IOException e) {
            throw new FlinkRuntimeException("Cannot serialize the namespace " + namespace, e);
        }
        KeyLayout.putStateId(out.getSharedBuffer(), stateId);
    }

    /** Appends the user key of a map entry to the row key of {@link #setRow}. */
    public <U> void appendUserKey(U userKey, TypeSerializer<U> userKeySerializer) throws IOException {
        userKeySerializer.serialize(userKey, out);
    }

    /** The array of the buffer; a call that needs a longer array replaces it. */
    public byte[] array() {
        return out.getSharedBuffer();
    }

    public int length() {
        return out.length();
    }

    public byte[] toByteArray() {
        return Arrays.copyOf(out.getSharedBuffer(), out.length());
    }
}
