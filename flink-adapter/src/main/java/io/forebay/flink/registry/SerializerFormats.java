package io.forebay.flink.registry;

import java.io.IOException;
import java.util.Arrays;
import org.apache.flink.annotation.Internal;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.ListSerializer;
import org.apache.flink.api.common.typeutils.base.MapSerializer;
import org.apache.flink.api.java.typeutils.runtime.PojoSerializerSnapshot;
import org.apache.flink.api.java.typeutils.runtime.kryo.KryoSerializerSnapshot;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.state.ttl.TtlAwareSerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compares two serializers of one type by what they say of themselves: by {@code equals} and by the bytes of their
 * snapshots. It neither reads nor writes a value, and it does not ask Flink's compatibility check, which answers reliably
 * for serializers of the job only. Static.
 */
@Internal
public final class SerializerFormats {
    private static final Logger LOG = LoggerFactory.getLogger(SerializerFormats.class);

    private SerializerFormats() {}

    /**
     * True if each of the two serializers reads what the other writes. False if that is not certain.
     *
     * <p>Equal serializers count as the same even if their snapshots differ, because a snapshot may depend on the data: the
     * snapshot of a POJO serializer lists the classes that the subtask has met. Kryo serializers outside of a POJO are an
     * exception: they are equal even if they number classes in another order of registration.
     */
    public static boolean areSame(TypeSerializer<?> first, TypeSerializer<?> second) {
        if (first == second) {
            return true;
        }
        try {
            TypeSerializer<?> a = unwrap(first);
            TypeSerializer<?> b = unwrap(second);
            byte[] ofA = snapshot(a);
            byte[] ofB = snapshot(b);
            if (Arrays.equals(ofA, ofB)) {
                return true;
            }
            return a.equals(b)
                    && (!names(ofA, KryoSerializerSnapshot.class) || names(ofA, PojoSerializerSnapshot.class));
        } catch (IOException | RuntimeException | LinkageError e) {
            LOG.warn("The serializers {} and {} cannot be compared, and count as different.", first, second, e);
            return false;
        }
    }

    /**
     * The serializer without Flink's wrapper {@link TtlAwareSerializer}, which reads and writes the same bytes, but is not
     * equal to what it wraps and has another snapshot. Flink puts the wrapper around a serializer, or around the elements
     * or values within a list or map serializer.
     */
    private static TypeSerializer<?> unwrap(TypeSerializer<?> serializer) {
        TypeSerializer<?> inner = withoutWrapper(serializer);
        if (inner instanceof ListSerializer<?> list && list.getElementSerializer() instanceof TtlAwareSerializer) {
            return new ListSerializer<>(withoutWrapper(list.getElementSerializer()));
        }
        if (inner instanceof MapSerializer<?, ?> map && map.getValueSerializer() instanceof TtlAwareSerializer) {
            return new MapSerializer<>(map.getKeySerializer(), withoutWrapper(map.getValueSerializer()));
        }
        return inner;
    }

    private static TypeSerializer<?> withoutWrapper(TypeSerializer<?> serializer) {
        return serializer instanceof TtlAwareSerializer<?, ?> wrapper
                ? wrapper.getOriginalTypeSerializer()
                : serializer;
    }

    private static byte[] snapshot(TypeSerializer<?> serializer) throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(64);
        TypeSerializerSnapshot.writeVersionedSnapshot(out, serializer.snapshotConfiguration());
        return out.getCopyOfBuffer();
    }

    /**
     * True if the snapshot is of the class {@code type}, or contains a snapshot of that class: each snapshot starts with
     * the name of its class.
     */
    private static boolean names(byte[] snapshot, Class<?> type) throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(64);
        out.writeUTF(type.getName());
        byte[] name = out.getCopyOfBuffer();
        for (int i = 0; i + name.length <= snapshot.length; i++) {
            if (Arrays.equals(snapshot, i, i + name.length, name, 0, name.length)) {
                return true;
            }
        }
        return false;
    }
}
