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

/** One state of a backend: its id in the rows, and what Flink knows about it. Used by the task thread only. */
@Internal
public final class RegisteredState {
    private final int id;
    private final StateKind kind;
    private RegisteredStateMetaInfoBase metaInfo;
    private List<RestoredPart> parts = new ArrayList<>();

    /** Of {@link #parts}, once a snapshot was made of them. */
    @Nullable
    private List<StateMetaInfoSnapshot> partSnapshots;

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

    /** What the parts of the checkpoint told of the state, until the job registers it; empty since, or for one that is new. */
    public List<RestoredPart> parts() {
        return parts;
    }

    /** A part without rows counts only while there is no other. */
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
     * What a snapshot is to tell of the state: one entry, or several of unlike {@link #parts()}.
     *
     * @throws IOException when a serializer snapshot cannot be written
     */
    public List<StateMetaInfoSnapshot> snapshots() throws IOException {
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

    /** That of the part of the checkpoint that has brought the elements of a key group. */
    public RegisteredPriorityQueueStateBackendMetaInfo<?> queueMetaInfo(int keyGroup) {
        for (RestoredPart part : parts) {
            if (part.holds(keyGroup)) {
                return (RegisteredPriorityQueueStateBackendMetaInfo<?>) part.metaInfo();
            }
        }
        return queueMetaInfo();
    }

    /** Replaces the meta info by one with newer serializers, of the same name and kind, to which all rows are brought. */
    public void setMetaInfo(RegisteredStateMetaInfoBase newMetaInfo) {
        metaInfo = newMetaInfo;
        parts = List.of();
        partSnapshots = null;
    }
}
