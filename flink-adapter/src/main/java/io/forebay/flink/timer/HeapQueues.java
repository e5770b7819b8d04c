package io.forebay.flink.timer;

import io.forebay.flink.key.KeyLayout;
import io.forebay.flink.registry.RegisteredState;
import io.forebay.flink.registry.StateKind;
import io.forebay.flink.registry.StateRegistry;
import io.forebay.store.Store;
import java.io.IOException;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import javax.annotation.Nonnull;
import org.apache.flink.annotation.Internal;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.state.HeapPriorityQueuesManager;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupedInternalPriorityQueue;
import org.apache.flink.runtime.state.Keyed;
import org.apache.flink.runtime.state.PriorityComparable;
import org.apache.flink.runtime.state.PriorityQueueSetFactory;
import org.apache.flink.runtime.state.RegisteredPriorityQueueStateBackendMetaInfo;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueElement;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueSetFactory;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueSnapshotRestoreWrapper;

/**
 * The queues of a backend that keeps timers as objects on the heap. Flink's own classes hold the elements. This class gives
 * each queue an id, as every other state has one, and puts the elements of all queues into the store for the moment of a
 * native snapshot. So a native snapshot has all state of the backend, whoever asks for it: Flink asks a backend for its
 * heap timers only when no other backend wraps it, as the changelog backend does.
 *
 * <pre>
 *   between snapshots    | elements on the heap, no rows in the store
 *   writeRows            | one row for each element, as when timers are rows
 *   Store.checkpoint     | has the rows
 *   PendingRemovals      | deletes the rows from the store
 * </pre>
 *
 * <p>A restore moves the rows of queues to the heap, or leaves them in the store, as the restored job is configured.
 * Savepoints in canonical format do not use these rows. Used by one thread, that of the task.
 */
@Internal
public final class HeapQueues implements PriorityQueueSetFactory {
    private static final byte[] NO_VALUE = new byte[0];

    private final Store store;
    private final StateRegistry registry;
    private final KeyGroupRange keyGroups;
    private final PendingRemovals pendingRemovals;
    private final Map<String, HeapPriorityQueueSnapshotRestoreWrapper<?>> queues;
    private final HeapPriorityQueuesManager manager;
    private final DataOutputSerializer out = new DataOutputSerializer(128);

    /** @param queues the queues that were restored, by name, whose states {@code registry} has; this object adds others */
    public HeapQueues(
            Store store,
            StateRegistry registry,
            HeapPriorityQueueSetFactory factory,
            Map<String, HeapPriorityQueueSnapshotRestoreWrapper<?>> queues,
            KeyGroupRange keyGroups,
            int numberOfKeyGroups,
            PendingRemovals pendingRemovals) {
        this.store = store;
        this.registry = registry;
        this.keyGroups = keyGroups;
        this.pendingRemovals = pendingRemovals;
        this.queues = queues;
        this.manager = new HeapPriorityQueuesManager(queues, factory, keyGroups, numberOfKeyGroups);
    }

    @Nonnull
    @Override
    public <T extends HeapPriorityQueueElement & PriorityComparable<? super T> & Keyed<?>>
            KeyGroupedInternalPriorityQueue<T> create(
                    @Nonnull String stateName, @Nonnull TypeSerializer<T> byteOrderedElementSerializer) {
        return create(stateName, byteOrderedElementSerializer, false);
    }

    /** @throws IllegalStateException when the id of a new queue belongs to another state */
    @Nonnull
    @Override
    public <T extends HeapPriorityQueueElement & PriorityComparable<? super T> & Keyed<?>>
            KeyGroupedInternalPriorityQueue<T> create(
                    @Nonnull String stateName,
                    @Nonnull TypeSerializer<T> byteOrderedElementSerializer,
                    boolean allowFutureMetadataUpdates) {
        RegisteredState state = registry.find(StateKind.PRIORITY_QUEUE, stateName);
        if (state == null) {
            state = registry.register(
                    StateKind.PRIORITY_QUEUE,
                    new RegisteredPriorityQueueStateBackendMetaInfo<>(stateName, byteOrderedElementSerializer));
        }
        KeyGroupedInternalPriorityQueue<T> queue =
                manager.createOrUpdate(stateName, byteOrderedElementSerializer, allowFutureMetadataUpdates);
        state.setMetaInfo(queues.get(stateName).getMetaInfo());
        return queue;
    }

    /** The queues with their elements; a view. */
    public Collection<HeapPriorityQueueSnapshotRestoreWrapper<?>> queues() {
        return queues.values();
    }

    /**
     * Writes a row for each element of each queue. Takes time in proportion to the number of elements. The next {@link
     * PendingRemovals#flush()} deletes the rows, also when this method has failed.
     *
     * @throws IOException when an element cannot be serialized
     */
    public void writeRows() throws IOException {
        for (HeapPriorityQueueSnapshotRestoreWrapper<?> queue : queues.values()) {
            writeRows(queue);
        }
    }

    private <T extends HeapPriorityQueueElement> void writeRows(HeapPriorityQueueSnapshotRestoreWrapper<T> queue)
            throws IOException {
        int id = registry.find(StateKind.PRIORITY_QUEUE, queue.getMetaInfo().getName())
                .id();
        TypeSerializer<T> serializer = queue.getMetaInfo().getElementSerializer();
        for (int keyGroup : keyGroups) {
            Set<T> elements = queue.getPriorityQueue().getSubsetForKeyGroup(keyGroup);
            if (elements.isEmpty()) {
                continue;
            }
            byte[] prefix = KeyLayout.prefix(keyGroup, id);
            pendingRemovals.add(() -> store.deletePrefix(prefix));
            for (T element : elements) {
                out.clear();
                out.write(prefix);
                serializer.serialize(element, out);
                store.put(out.getSharedBuffer(), 0, out.length(), NO_VALUE, 0, 0);
            }
        }
    }
}
