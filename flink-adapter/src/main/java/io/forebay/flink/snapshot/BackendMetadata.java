package io.forebay.flink.snapshot;

import io.forebay.flink.registry.StateIdTable;
import io.forebay.flink.registry.StateKind;
import io.forebay.flink.registry.StateRegistry;
import io.forebay.store.CheckpointDescription;
import io.forebay.store.Environment;
import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.annotation.Internal;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.runtime.state.KeyedBackendSerializationProxy;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;

/**
 * The metadata stream of a native snapshot: what Flink has to know about the states, followed by what the store has to know
 * about its files. Immutable.
 *
 * <pre>
 *   stream --> KeyedBackendSerializationProxy magic:4 version:2 generation:8 length:4 checkpoint:length
 * </pre>
 *
 * {@code generation} is one more than that of any native snapshot that the backend was restored from, else 0, so of two
 * snapshots of a job that hold the same key group the one of the higher generation is the newer. {@code checkpoint} is the
 * metadata of the store's checkpoint; its payload is a {@link StateIdTable}.
 */
@Internal
public final class BackendMetadata<K> {
    private static final int MAGIC = 0x46425359;
    private static final int VERSION = 2;
    private static final int READ_BYTES = 64 << 10;

    private final TypeSerializerSnapshot<K> keySerializer;
    private final List<StateMetaInfoSnapshot> states;
    private final Map<String, Integer> keyValueIds = new HashMap<>();
    private final Map<String, Integer> queueIds = new HashMap<>();
    private final StorePart store;
    private final CheckpointDescription description;

    private BackendMetadata(
            TypeSerializerSnapshot<K> keySerializer, List<StateMetaInfoSnapshot> states, StorePart store)
            throws IOException {
        this.keySerializer = keySerializer;
        this.states = states;
        this.store = store;
        this.description = Environment.describe(store.checkpoint());
        for (StateIdTable.Entry entry : StateIdTable.decode(description.payload())) {
            ids(entry.kind()).put(entry.name(), entry.id());
        }
    }

    /** What follows Flink's part of the stream. */
    record StorePart(long generation, byte[] checkpoint) {}

    /**
     * Writes the stream.
     *
     * @throws IOException when there are more states than Flink writes, see {@link #checkNumber}
     */
    static <K> void write(
            DataOutputView out,
            TypeSerializer<K> keySerializer,
            List<StateMetaInfoSnapshot> states,
            long generation,
            byte[] checkpoint)
            throws IOException {
        checkNumber(states);
        // False: without Flink's compression of key groups. The store compresses its files itself.
        new KeyedBackendSerializationProxy<>(keySerializer, states, false).write(out);
        out.writeInt(MAGIC);
        out.writeShort(VERSION);
        out.writeLong(generation);
        out.writeInt(checkpoint.length);
        out.write(checkpoint);
    }

    /**
     * Refuses a snapshot that Flink cannot write: Flink writes the number of entries with two bytes.
     *
     * @throws IOException that says how the number becomes smaller
     */
    static void checkNumber(List<StateMetaInfoSnapshot> entries) throws IOException {
        if (entries.size() > Short.MAX_VALUE) {
            long states = entries.stream()
                    .map(StateMetaInfoSnapshot::getName)
                    .distinct()
                    .count();
            throw new IOException("The snapshot would describe " + states + " states in " + entries.size()
                    + " entries, and Flink writes " + Short.MAX_VALUE
                    + " entries at most. A state that was restored from"
                    + " parts with different serializers has an entry for each of these parts until the job registers it:"
                    + " register all states when the job starts, or restore at the parallelism of the checkpoint.");
        }
    }

    /** @throws IOException when the stream is damaged, or was written by another backend or by a newer Forebay */
    public static <K> BackendMetadata<K> read(DataInputView in, ClassLoader userClassLoader) throws IOException {
        KeyedBackendSerializationProxy<K> proxy = new KeyedBackendSerializationProxy<>(userClassLoader);
        proxy.read(in);
        StorePart store = readStorePart(in);
        return new BackendMetadata<>(proxy.getKeySerializerSnapshot(), proxy.getStateMetaInfoSnapshots(), store);
    }

    /** Reads what follows Flink's part of the stream. */
    static StorePart readStorePart(DataInputView in) throws IOException {
        int magic;
        try {
            magic = in.readInt();
        } catch (EOFException e) {
            throw notForebay(e);
        }
        if (magic != MAGIC) {
            throw notForebay(null);
        }
        int version = in.readUnsignedShort();
        if (version != VERSION) {
            throw new IOException("The snapshot has version " + version
                    + " of Forebay's backend metadata, this Forebay reads version " + VERSION);
        }
        long generation = in.readLong();
        if (generation < 0) {
            throw new IOException("The snapshot is damaged: its generation is " + generation);
        }
        int length = in.readInt();
        if (length < 0) {
            throw new IOException("The snapshot is damaged: its store metadata has a length of " + length);
        }
        // In pieces: a damaged length may be any number, and the stream does not say how many bytes it has.
        byte[] checkpoint = new byte[Math.min(length, READ_BYTES)];
        for (int read = 0; read < length; ) {
            if (read == checkpoint.length) {
                checkpoint = Arrays.copyOf(checkpoint, (int) Math.min(length, 2L * read));
            }
            in.readFully(checkpoint, read, checkpoint.length - read);
            read = checkpoint.length;
        }
        return new StorePart(generation, checkpoint);
    }

    public TypeSerializerSnapshot<K> keySerializer() {
        return keySerializer;
    }

    public List<StateMetaInfoSnapshot> states() {
        return states;
    }

    /** The id in the rows of {@code state}, which is one of {@link #states()}. */
    public int idOf(StateMetaInfoSnapshot state) {
        Integer id = ids(StateRegistry.kindOf(state)).get(state.getName());
        if (id == null) {
            throw new IllegalStateException("The snapshot has no state id for the state '" + state.getName() + "'");
        }
        return id;
    }

    /** The metadata of the store's checkpoint, for a restore. */
    public byte[] checkpoint() {
        return store.checkpoint();
    }

    /** From 0 on; the highest of all snapshots of a job that hold a key group has the state of it. */
    public long generation() {
        return store.generation();
    }

    public CheckpointDescription description() {
        return description;
    }

    private Map<String, Integer> ids(StateKind kind) {
        return kind == StateKind.KEY_VALUE ? keyValueIds : queueIds;
    }

    private static IOException notForebay(Throwable cause) {
        return new IOException(
                "The snapshot was not written by Forebay. Native snapshots of other state backends cannot be read: "
                        + "move over with a savepoint in canonical format.",
                cause);
    }
}
