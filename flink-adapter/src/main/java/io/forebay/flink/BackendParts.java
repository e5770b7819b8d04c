package io.forebay.flink;

import io.forebay.flink.io.Transfers;
import io.forebay.flink.memory.ForebayMemory;
import io.forebay.flink.registry.StateRegistry;
import io.forebay.flink.snapshot.ForebaySnapshotStrategy;
import io.forebay.flink.state.StateContext;
import io.forebay.flink.timer.PendingRemovals;
import io.forebay.flink.ttl.ExpiredStateFilter;
import java.io.File;
import java.util.Map;
import javax.annotation.Nullable;
import org.apache.flink.runtime.memory.OpaqueMemoryResource;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueSetFactory;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueSnapshotRestoreWrapper;
import org.apache.flink.util.ResourceGuard;

/**
 * What a keyed backend consists of; it owns all of it.
 *
 * @param heapQueueFactory null when timers are rows
 * @param heapQueues queues on the heap, by name
 * @param storeGuard held by asynchronous users of the store
 * @param directory deleted with the backend
 */
record BackendParts<K>(
        StateContext<K> context,
        StateRegistry registry,
        ForebaySnapshotStrategy<K> snapshots,
        PendingRemovals pendingRemovals,
        ExpiredStateFilter expiredStateFilter,
        @Nullable HeapPriorityQueueSetFactory heapQueueFactory,
        Map<String, HeapPriorityQueueSnapshotRestoreWrapper<?>> heapQueues,
        ResourceGuard storeGuard,
        Transfers transfers,
        OpaqueMemoryResource<ForebayMemory> memory,
        File directory,
        BackendConfig config) {}
