package io.forebay.flink.timer;

import io.forebay.flink.registry.RegisteredState;
import io.forebay.flink.registry.StateKind;
import io.forebay.flink.registry.StateRegistry;
import io.forebay.store.Store;
import javax.annotation.Nonnull;
import org.apache.flink.annotation.Internal;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.state.KeyExtractorFunction;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupedInternalPriorityQueue;
import org.apache.flink.runtime.state.Keyed;
import org.apache.flink.runtime.state.PriorityComparable;
import org.apache.flink.runtime.state.PriorityComparator;
import org.apache.flink.runtime.state.PriorityQueueSetFactory;
import org.apache.flink.runtime.state.RegisteredPriorityQueueStateBackendMetaInfo;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueElement;
import org.apache.flink.runtime.state.heap.KeyGroupPartitionedPriorityQueue;

/** Creates the queues whose elements are rows of the store. Used by one thread, that of the task. */
@Internal
public final class ForebayPriorityQueueSetFactory implements PriorityQueueSetFactory {
    private final Store store;
    private final StateRegistry registry;
    private final KeyGroupRange keyGroups;
    private final int numberOfKeyGroups;
    private final int cacheRows;
    private final PendingRemovals pendingRemovals;
    private final DataOutputSerializer out = new DataOutputSerializer(128);
    private final DataInputDeserializer in = new DataInputDeserializer();

    /** @param cacheRows how many rows at the head of each key group may be in memory; at least 1 */
    public ForebayPriorityQueueSetFactory(
            Store store,
            StateRegistry registry,
            KeyGroupRange keyGroups,
            int numberOfKeyGroups,
            int cacheRows,
            PendingRemovals pendingRemovals) {
        this.store = store;
        this.registry = registry;
        this.keyGroups = keyGroups;
        this.numberOfKeyGroups = numberOfKeyGroups;
        this.cacheRows = cacheRows;
        this.pendingRemovals = pendingRemovals;
    }

    @Nonnull
    @Override
    public <T extends HeapPriorityQueueElement & PriorityComparable<? super T> & Keyed<?>>
            KeyGroupedInternalPriorityQueue<T> create(
                    @Nonnull String stateName, @Nonnull TypeSerializer<T> byteOrderedElementSerializer) {
        return create(stateName, byteOrderedElementSerializer, false);
    }

    @Nonnull
    @Override
    public <T extends HeapPriorityQueueElement & PriorityComparable<? super T> & Keyed<?>>
            KeyGroupedInternalPriorityQueue<T> create(
                    @Nonnull String stateName,
                    @Nonnull TypeSerializer<T> byteOrderedElementSerializer,
                    boolean allowFutureMetadataUpdates) {
        RegisteredState known = registry.find(StateKind.PRIORITY_QUEUE, stateName);
        TypeSerializer<T> serializer = byteOrderedElementSerializer;
        if (known != null) {
            serializer = new QueueSchemas<>(known, byteOrderedElementSerializer, store).resolve();
            // An earlier object of the same queue may still have to delete rows; the new one reads them.
            pendingRemovals.flush();
        }
        RegisteredPriorityQueueStateBackendMetaInfo<T> metaInfo =
                new RegisteredPriorityQueueStateBackendMetaInfo<>(stateName, serializer);
        if (allowFutureMetadataUpdates) {
            metaInfo = metaInfo.withSerializerUpgradesAllowed();
        }
        RegisteredState registered = known;
        if (registered == null) {
            registered = registry.register(StateKind.PRIORITY_QUEUE, metaInfo);
        } else {
            registered.setMetaInfo(metaInfo);
        }
        return queue(registered, serializer, known == null);
    }

    private <T extends HeapPriorityQueueElement & PriorityComparable<? super T> & Keyed<?>>
            KeyGroupedInternalPriorityQueue<T> queue(
                    RegisteredState registered, TypeSerializer<T> serializer, boolean isNew) {
        return new KeyGroupPartitionedPriorityQueue<T, ForebayPriorityQueueSet<T>>(
                KeyExtractorFunction.forKeyedObjects(),
                PriorityComparator.forPriorityComparableObjects(),
                (keyGroup, keyGroupCount, keyExtractor, comparator) -> new ForebayPriorityQueueSet<>(
                        store, pendingRemovals, keyGroup, registered.id(), serializer, out, in, cacheRows, isNew),
                keyGroups,
                numberOfKeyGroups);
    }
}
