package io.forebay.flink.state;

import io.forebay.flink.key.KeyLayout;
import io.forebay.flink.registry.SerializerFormats;
import java.io.IOException;
import java.util.Arrays;
import javax.annotation.Nullable;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.state.CompositeKeySerializationUtils;

/**
 * Finds row keys whose namespace or user key the present serializers would write differently. Such rows could not be
 * found any more, and rewriting their keys would change their order. Used by one thread.
 */
final class RowKeyCheck<N, UK> {
    /**
     * Two serializers of one part of a row key.
     *
     * @param prior the one that has written the rows that are checked
     * @param present the one that reads and writes all rows from now on
     */
    record Serializers<T>(TypeSerializer<T> prior, TypeSerializer<T> present) {
        boolean areSame() {
            return SerializerFormats.areSame(prior, present);
        }
    }

    private final TypeSerializer<?> keys;
    private final Serializers<N> namespaces;

    @Nullable
    private final Serializers<UK> userKeys;

    private final boolean priorAmbiguous;
    private final boolean presentAmbiguous;
    private final DataInputDeserializer in = new DataInputDeserializer();
    private final DataOutputSerializer out = new DataOutputSerializer(64);

    /** @param userKeys null when the state is not a map */
    RowKeyCheck(TypeSerializer<?> keys, Serializers<N> namespaces, @Nullable Serializers<UK> userKeys) {
        this.keys = keys;
        this.namespaces = namespaces;
        this.userKeys = userKeys;
        this.priorAmbiguous = CompositeKeySerializationUtils.isAmbiguousKeyPossible(keys, namespaces.prior());
        this.presentAmbiguous = CompositeKeySerializationUtils.isAmbiguousKeyPossible(keys, namespaces.present());
    }

    /** True if the present serializers would write the row key {@code row[0, length)} with the same bytes. */
    boolean isAsPresent(byte[] row, int length) throws IOException {
        in.setBuffer(row, KeyLayout.PREFIX_BYTES, length - KeyLayout.PREFIX_BYTES);
        CompositeKeySerializationUtils.readKey(keys, in, priorAmbiguous);
        int from = in.getPosition();
        N namespace = CompositeKeySerializationUtils.readNamespace(namespaces.prior(), in, priorAmbiguous);
        out.clear();
        CompositeKeySerializationUtils.writeNameSpace(namespace, namespaces.present(), out, presentAmbiguous);
        if (userKeys != null) {
            userKeys.present().serialize(userKeys.prior().deserialize(in), out);
        }
        return Arrays.equals(row, from, length, out.getSharedBuffer(), 0, out.length());
    }
}
