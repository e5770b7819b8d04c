package io.forebay.flink.registry;

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

    @Nullable
    private final StateMetaInfoSnapshot restored;

    RegisteredState(
            int id, StateKind kind, RegisteredStateMetaInfoBase metaInfo, @Nullable StateMetaInfoSnapshot restored) {
        this.id = id;
        this.kind = kind;
        this.metaInfo = metaInfo;
        this.restored = restored;
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

    /** What the checkpoint told of the state; null for one that is new to this backend. */
    @Nullable
    StateMetaInfoSnapshot restored() {
        return restored;
    }

    @SuppressWarnings("unchecked")
    public <N, V> RegisteredKeyValueStateBackendMetaInfo<N, V> keyValueMetaInfo() {
        return (RegisteredKeyValueStateBackendMetaInfo<N, V>) metaInfo;
    }

    @SuppressWarnings("unchecked")
    public <T> RegisteredPriorityQueueStateBackendMetaInfo<T> queueMetaInfo() {
        return (RegisteredPriorityQueueStateBackendMetaInfo<T>) metaInfo;
    }

    /** Replaces the meta info by one with newer serializers, of the same name and kind. */
    public void setMetaInfo(RegisteredStateMetaInfoBase newMetaInfo) {
        metaInfo = newMetaInfo;
    }
}
