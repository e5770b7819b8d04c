package io.forebay.flink;

import java.io.File;
import java.util.Collection;
import java.util.List;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SharedStateRegistry;
import org.apache.flink.runtime.state.SharedStateRegistryImpl;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

/** One backend with all key groups, and integers as keys. */
@Tag("smoke")
abstract class KeyedStateFixture {
    static final KeyGroupRange ALL = new KeyGroupRange(0, 127);

    @TempDir
    File temporary;

    final BackendHarness slot = new BackendHarness();
    private final SharedStateRegistry jobManager = new SharedStateRegistryImpl();
    ForebayKeyedStateBackend<Integer> backend;
    private long checkpointId;

    @BeforeEach
    void open() throws Exception {
        open(List.of());
    }

    private void open(Collection<KeyedStateHandle> handles) throws Exception {
        backend = slot.forebay(BackendHarness.options(temporary), IntSerializer.INSTANCE, 128, ALL, handles);
    }

    /** A checkpoint that the JobManager completes. */
    final KeyedStateHandle checkpoint() throws Exception {
        checkpointId++;
        IncrementalRemoteKeyedStateHandle handle = BackendHarness.remote(
                BackendHarness.snapshot(backend, checkpointId, CheckpointType.CHECKPOINT, BackendHarness.memory()));
        handle.registerSharedStates(jobManager, checkpointId);
        backend.notifyCheckpointComplete(checkpointId);
        return handle;
    }

    /** Restores a backend from a checkpoint of this one. States have to be asked for again. */
    final void reopen() throws Exception {
        KeyedStateHandle handle = checkpoint();
        slot.dispose(backend);
        open(List.of(handle));
    }

    @AfterEach
    void close() throws Exception {
        slot.close();
    }

    final MapState<Integer, String> map(String name) throws Exception {
        return BackendHarness.state(
                backend, new MapStateDescriptor<>(name, IntSerializer.INSTANCE, StringSerializer.INSTANCE));
    }
}
