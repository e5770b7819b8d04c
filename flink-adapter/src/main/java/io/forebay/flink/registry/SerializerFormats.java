package io.forebay.flink.registry;

import java.io.IOException;
import java.util.Arrays;
import org.apache.flink.annotation.Internal;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.java.typeutils.runtime.PojoSerializerSnapshot;
import org.apache.flink.api.java.typeutils.runtime.kryo.KryoSerializerSnapshot;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Compares serializers of one type that the present code has made, as far as they say what they read and write. Static. */
@Internal
public final class SerializerFormats {
    private static final Logger LOG = LoggerFactory.getLogger(SerializerFormats.class);

    private SerializerFormats() {}

    /**
     * True if each of the two reads what the other writes. False if that is not certain, even for two serializers that
     * are alike.
     *
     * <p>Equal serializers count as the same even if their snapshots differ, because a snapshot may depend on the data:
     * that of a POJO lists the classes that the subtask has met. Serializers of Kryo outside of a POJO are an
     * exception: they are equal even if they number classes in another order of registration.
     */
    public static boolean areSame(TypeSerializer<?> a, TypeSerializer<?> b) {
        if (a == b) {
            return true;
        }
        try {
            byte[] ofA = snapshot(a);
            byte[] ofB = snapshot(b);
            if (Arrays.equals(ofA, ofB)) {
                return true;
            }
            return a.equals(b)
                    && (!names(ofA, KryoSerializerSnapshot.class) || names(ofA, PojoSerializerSnapshot.class));
        } catch (IOException | RuntimeException | LinkageError e) {
            LOG.warn("The serializers {} and {} cannot be compared, and count as different.", a, b, e);
            return false;
        }
    }

    private static byte[] snapshot(TypeSerializer<?> serializer) throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(64);
        TypeSerializerSnapshot.writeVersionedSnapshot(out, serializer.snapshotConfiguration());
        return out.getCopyOfBuffer();
    }

    /**
     * True if the snapshot is, or contains, that of a serializer of that kind: each snapshot starts with the name of its
     * class.
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
