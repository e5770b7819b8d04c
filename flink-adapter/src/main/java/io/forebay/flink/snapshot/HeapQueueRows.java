package io.forebay.flink.snapshot;

import java.io.IOException;
import java.util.Iterator;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.state.CompositeKeySerializationUtils;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueStateSnapshot;

/**
 * A snapshot of a heap queue as rows of the canonical format: a key is the key group and the element, and there is no
 * value. Used by one thread.
 */
final class HeapQueueRows<T> {
    private final HeapPriorityQueueStateSnapshot<T> queue;
    private final TypeSerializer<T> elementSerializer;
    private final DataOutputSerializer out = new DataOutputSerializer(64);
    private Iterator<T> elements;
    private int keyGroup;

    HeapQueueRows(HeapPriorityQueueStateSnapshot<T> queue) {
        this.queue = queue;
        this.elementSerializer = queue.getMetaInfo().getElementSerializer().duplicate();
    }

    void startKeyGroup(int newKeyGroup) {
        keyGroup = newKeyGroup;
        elements = queue.getIteratorForKeyGroup(newKeyGroup);
    }

    boolean hasNext() {
        return elements.hasNext();
    }

    /** The canonical key of the next element of the key group. */
    byte[] nextKey(int keyGroupBytes) throws IOException {
        out.clear();
        CompositeKeySerializationUtils.writeKeyGroup(keyGroup, keyGroupBytes, out);
        elementSerializer.serialize(elements.next(), out);
        return out.getCopyOfBuffer();
    }
}
