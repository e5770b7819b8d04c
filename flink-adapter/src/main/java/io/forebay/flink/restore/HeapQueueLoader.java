package io.forebay.flink.restore;

import io.forebay.flink.key.KeyLayout;
import io.forebay.flink.registry.RegisteredState;
import io.forebay.flink.registry.StateKind;
import io.forebay.store.KeyRange;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import java.io.IOException;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.runtime.state.KeyExtractorFunction;
import org.apache.flink.runtime.state.Keyed;
import org.apache.flink.runtime.state.PriorityComparable;
import org.apache.flink.runtime.state.RegisteredPriorityQueueStateBackendMetaInfo;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueElement;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueSnapshotRestoreWrapper;

/**
 * Fills heap queues with restored elements: of a savepoint in canonical format, or of rows of a native snapshot. Used by
 * one thread, that of the task.
 */
final class HeapQueueLoader<K> {
    private final RestoreContext<K> context;
    private final DataInputDeserializer in = new DataInputDeserializer();

    HeapQueueLoader(RestoreContext<K> context) {
        this.context = context;
    }

    /** The heap queue of a restored state. If it does not exist yet, it is created, and its state registered. */
    HeapPriorityQueueSnapshotRestoreWrapper<?> queue(RegisteredPriorityQueueStateBackendMetaInfo<?> metaInfo) {
        if (context.registry().find(StateKind.PRIORITY_QUEUE, metaInfo.getName()) == null) {
            context.registry().register(StateKind.PRIORITY_QUEUE, metaInfo);
        }
        return context.heapQueues().computeIfAbsent(metaInfo.getName(), name -> create(metaInfo));
    }

    /**
     * Adds the element that starts at {@code offset} of {@code bytes}.
     *
     * @param metaInfo that of the part of the checkpoint that it comes from
     */
    @SuppressWarnings("unchecked")
    <T extends HeapPriorityQueueElement> void add(
            HeapPriorityQueueSnapshotRestoreWrapper<?> queue,
            RegisteredPriorityQueueStateBackendMetaInfo<?> metaInfo,
            byte[] bytes,
            int offset)
            throws IOException {
        HeapPriorityQueueSnapshotRestoreWrapper<T> typed = (HeapPriorityQueueSnapshotRestoreWrapper<T>) queue;
        in.setBuffer(bytes, offset, bytes.length - offset);
        typed.getPriorityQueue().add(((TypeSerializer<T>) metaInfo.getElementSerializer()).deserialize(in));
    }

    /** Moves the elements of all queues from the store to the heap. */
    void moveRowsToHeap(Store store) throws IOException {
        for (RegisteredState state : context.registry().inRowOrder()) {
            if (state.kind() != StateKind.PRIORITY_QUEUE) {
                continue;
            }
            HeapPriorityQueueSnapshotRestoreWrapper<?> queue = queue(state.queueMetaInfo());
            for (int keyGroup : context.keyGroups()) {
                byte[] prefix = KeyLayout.prefix(keyGroup, state.id());
                RegisteredPriorityQueueStateBackendMetaInfo<?> metaInfo = state.queueMetaInfo(keyGroup);
                try (StoreIterator rows = store.iterator(KeyRange.prefix(prefix))) {
                    rows.seekToFirst();
                    if (!rows.isValid()) {
                        continue;
                    }
                    for (; rows.isValid(); rows.next()) {
                        add(queue, metaInfo, rows.key(), KeyLayout.PREFIX_BYTES);
                    }
                }
                store.deletePrefix(prefix);
            }
            // The objects on the heap are of no part any more.
            state.setMetaInfo(queue.getMetaInfo());
        }
    }

    @SuppressWarnings("unchecked")
    private <T extends HeapPriorityQueueElement & PriorityComparable<? super T> & Keyed<?>>
            HeapPriorityQueueSnapshotRestoreWrapper<T> create(RegisteredPriorityQueueStateBackendMetaInfo<?> metaInfo) {
        RegisteredPriorityQueueStateBackendMetaInfo<T> typed =
                (RegisteredPriorityQueueStateBackendMetaInfo<T>) metaInfo;
        TypeSerializer<T> serializer = typed.getElementSerializer();
        return new HeapPriorityQueueSnapshotRestoreWrapper<>(
                context.heapQueueFactory().create(typed.getName(), serializer),
                typed,
                KeyExtractorFunction.forKeyedObjects(),
                context.keyGroups(),
                context.numberOfKeyGroups());
    }
}
