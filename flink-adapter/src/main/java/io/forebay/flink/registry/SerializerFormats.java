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

/** Compares serializers of one type that today's code has made, as far as they tell what they read and write. */
@Internal
public final class SerializerFormats {
    private static final Logger LOG = LoggerFactory.getLogger(SerializerFormats.class);

    private SerializerFormats() {}

    /**
     * Whether one reads what the other writes, and the other way. False in doubt: a serializer need not know its like.
     *
     * <p>Equality counts, because snapshots depend on the data: that of a POJO lists the classes that this subtask has met. But
     * serializers of Kryo are equal whatever the order of their registrations, by which they number classes.
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

    /** Whether a serializer of that kind is in it, at whatever depth: each snapshot begins with the name of its class. */
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
