package io.forebay.flink;

import io.forebay.flink.io.Transfers;
import io.forebay.flink.memory.ForebayMemory;
import io.forebay.flink.registry.StateRegistry;
import io.forebay.flink.snapshot.ForebaySnapshotStrategy;
import io.forebay.flink.state.StateContext;
import io.forebay.flink.timer.HeapQueues;
import io.forebay.flink.timer.PendingRemovals;
import io.forebay.flink.ttl.ExpiredStateFilter;
import java.io.File;
import javax.annotation.Nullable;
import org.apache.flink.runtime.memory.OpaqueMemoryResource;
import org.apache.flink.util.ResourceGuard;

/**
 * The parts of a keyed backend, which owns all of them.
 *
 * @param heapQueues null when timers are rows
 * @param storeGuard each asynchronous user of the store has a lease of it
 * @param directory the working directory; deleted with the backend
 */
record BackendParts<K>(
        StateContext<K> context,
        StateRegistry registry,
        ForebaySnapshotStrategy<K> snapshots,
        PendingRemovals pendingRemovals,
        ExpiredStateFilter expiredStateFilter,
        @Nullable HeapQueues heapQueues,
        ResourceGuard storeGuard,
        Transfers transfers,
        OpaqueMemoryResource<ForebayMemory> memory,
        File directory,
        BackendConfig config) {}
