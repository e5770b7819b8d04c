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

/** Fills heap queues from restored elements, of a savepoint or of rows that an earlier configuration left in the store. */
final class HeapQueueLoader<K> {
    private final RestoreContext<K> context;
    private final DataInputDeserializer in = new DataInputDeserializer();

    HeapQueueLoader(RestoreContext<K> context) {
        this.context = context;
    }

    /** The heap queue of a restored state, created when it is not there yet. */
    HeapPriorityQueueSnapshotRestoreWrapper<?> queue(RegisteredPriorityQueueStateBackendMetaInfo<?> metaInfo) {
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

    /** Takes queues that were rows when the checkpoint was made out of the store and its registry. */
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
            context.registry().remove(state);
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
