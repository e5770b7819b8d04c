package io.forebay.flink.restore;

import io.forebay.flink.io.Transfers;
import io.forebay.flink.io.TransientFileStore;
import io.forebay.flink.registry.StateRegistry;
import io.forebay.store.Environment;
import io.forebay.store.StoreOptions;
import java.util.Map;
import javax.annotation.Nullable;
import org.apache.flink.annotation.Internal;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.StateBackend.CustomInitializationMetrics;
import org.apache.flink.runtime.state.StateSerializerProvider;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueSetFactory;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueSnapshotRestoreWrapper;

/**
 * What a restore works with. The restore fills the registry and the heap queues.
 *
 * @param files the empty working directory of the store
 * @param heapQueueFactory null when timers are rows
 * @param cancelRegistry closes streams when the task is cancelled
 */
@Internal
public record RestoreContext<K>(
        Environment environment,
        TransientFileStore files,
        StoreOptions options,
        KeyGroupRange keyGroups,
        int numberOfKeyGroups,
        StateSerializerProvider<K> keySerializerProvider,
        ClassLoader userClassLoader,
        StateRegistry registry,
        @Nullable HeapPriorityQueueSetFactory heapQueueFactory,
        Map<String, HeapPriorityQueueSnapshotRestoreWrapper<?>> heapQueues,
        Transfers transfers,
        CloseableRegistry cancelRegistry,
        CustomInitializationMetrics metrics) {}
