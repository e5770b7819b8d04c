package io.forebay.flink.registry;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.annotation.Internal;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/**
 * The ids of all states as bytes: the payload of each checkpoint of the store.
 *
 * <pre>
 *   table --> version:2 count:4 entry*
 *   entry --> id:4 kind:1 name:UTF (2 bytes length, modified UTF-8)
 * </pre>
 */
@Internal
public final class StateIdTable {
    private static final int VERSION = 1;
    private static final int MIN_ENTRY_BYTES = 7;

    /** One row of the table. */
    public record Entry(int id, StateKind kind, String name) {}

    private StateIdTable() {}

    public static byte[] encode(List<RegisteredState> states) throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(64);
        out.writeShort(VERSION);
        out.writeInt(states.size());
        for (RegisteredState state : states) {
            out.writeInt(state.id());
            out.writeByte(state.kind().code());
            out.writeUTF(state.name());
        }
        return out.getCopyOfBuffer();
    }

    /** @throws IOException when the bytes are no such table, or are of a newer version */
    public static List<Entry> decode(byte[] bytes) throws IOException {
        DataInputDeserializer in = new DataInputDeserializer(bytes);
        int version = in.readUnsignedShort();
        if (version != VERSION) {
            throw new IOException("State id table has version " + version + ", this Forebay reads version " + VERSION);
        }
        int count = in.readInt();
        if (count < 0 || count > in.available() / MIN_ENTRY_BYTES) {
            throw new IOException(
                    "State id table of " + bytes.length + " bytes is damaged: it counts " + count + " states");
        }
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            entries.add(new Entry(in.readInt(), kind(in.readUnsignedByte()), in.readUTF()));
        }
        if (in.available() > 0) {
            throw new IOException("State id table is damaged: " + in.available() + " bytes follow its end");
        }
        return entries;
    }

    private static StateKind kind(int code) throws IOException {
        try {
            return StateKind.ofCode(code);
        } catch (IllegalArgumentException e) {
            throw new IOException("State id table: " + e.getMessage(), e);
        }
    }
}
