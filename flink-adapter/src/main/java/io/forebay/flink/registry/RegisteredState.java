package io.forebay.flink.registry;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import javax.annotation.Nullable;
import org.apache.flink.annotation.Internal;
import org.apache.flink.runtime.state.RegisteredKeyValueStateBackendMetaInfo;
import org.apache.flink.runtime.state.RegisteredPriorityQueueStateBackendMetaInfo;
import org.apache.flink.runtime.state.RegisteredStateMetaInfoBase;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;

/**
 * One state of a backend: its id in the rows, and Flink's meta info about it. For a restored state that the job has not
 * registered yet it also keeps the {@link RestoredPart}s, and the first of them gives the meta info. It decides nothing
 * about serializers. Used by one thread, that of the task.
 */
@Internal
public final class RegisteredState {
    private final int id;
    private final StateKind kind;
    private RegisteredStateMetaInfoBase metaInfo;
    private List<RestoredPart> parts = new ArrayList<>();

    /** The snapshots of {@link #parts}; null until one is asked for. */
    @Nullable
    private List<StateMetaInfoSnapshot> partSnapshots;

    private boolean awaitsPresentSerializer;

    RegisteredState(int id, StateKind kind, RegisteredStateMetaInfoBase metaInfo) {
        this.id = id;
        this.kind = kind;
        this.metaInfo = metaInfo;
    }

    public int id() {
        return id;
    }

    public StateKind kind() {
        return kind;
    }

    public String name() {
        return metaInfo.getName();
    }

    public RegisteredStateMetaInfoBase metaInfo() {
        return metaInfo;
    }

    /**
     * What the parts of the checkpoint say about the state, until the job registers the state. Empty after that, and for
     * a state that no part has.
     */
    public List<RestoredPart> parts() {
        return parts;
    }

    /** Adds a part. A part of which no key group is taken counts only while there is no other part. */
    void addPart(RestoredPart part) {
        if (parts.isEmpty() || parts.get(0).keyGroups().isEmpty()) {
            parts.clear();
            parts.add(part);
            metaInfo = part.metaInfo();
        } else if (!part.keyGroups().isEmpty()) {
            parts.add(part);
        }
    }

    /**
     * The entries that a snapshot has of the state: one, or several if the {@link #parts()} say different things.
     *
     * @throws IOException when a serializer snapshot cannot be written, or when the state {@link #awaitsPresentSerializer}
     */
    public List<StateMetaInfoSnapshot> snapshots() throws IOException {
        if (awaitsPresentSerializer) {
            throw new IOException(
                    "Parts of the checkpoint were migrated with a serializer from the log of the changelog"
                            + " backend, and the job has not registered the state " + name()
                            + ", so it is not known whether the serializer is from before or from after an upgrade: register all"
                            + " states when the job starts, or restore the checkpoint at the parallelism from before the rescale.");
        }
        if (parts.size() <= 1) {
            return List.of(metaInfo.snapshot());
        }
        if (partSnapshots == null) {
            partSnapshots = PartSnapshots.of(parts);
        }
        return partSnapshots;
    }

    @SuppressWarnings("unchecked")
    public <N, V> RegisteredKeyValueStateBackendMetaInfo<N, V> keyValueMetaInfo() {
        return (RegisteredKeyValueStateBackendMetaInfo<N, V>) metaInfo;
    }

    @SuppressWarnings("unchecked")
    public <T> RegisteredPriorityQueueStateBackendMetaInfo<T> queueMetaInfo() {
        return (RegisteredPriorityQueueStateBackendMetaInfo<T>) metaInfo;
    }

    /** The meta info of the part that the elements of a key group come from, or of the state when there are no parts. */
    public RegisteredPriorityQueueStateBackendMetaInfo<?> queueMetaInfo(int keyGroup) {
        for (RestoredPart part : parts) {
            if (part.holds(keyGroup)) {
                return (RegisteredPriorityQueueStateBackendMetaInfo<?>) part.metaInfo();
            }
        }
        return queueMetaInfo();
    }

    /**
     * True when a serializer that was read back has migrated some parts and not others, and the job has not registered the
     * state since. The serializer may be from before an upgrade and the migrated parts from after it, so nothing may be made
     * of the rows that outlives the backend.
     */
    public boolean awaitsPresentSerializer() {
        return awaitsPresentSerializer;
    }

    public void awaitPresentSerializer(boolean awaits) {
        awaitsPresentSerializer = awaits;
    }

    /**
     * Replaces the meta info, and drops the parts: from now on the serializers of the new meta info read all rows.
     *
     * @param newMetaInfo of the same name and kind
     */
    public void setMetaInfo(RegisteredStateMetaInfoBase newMetaInfo) {
        metaInfo = newMetaInfo;
        parts = List.of();
        partSnapshots = null;
    }
}
