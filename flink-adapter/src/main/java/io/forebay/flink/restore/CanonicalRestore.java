package io.forebay.flink.restore;

import io.forebay.flink.key.KeyLayout;
import io.forebay.flink.registry.RegisteredState;
import io.forebay.flink.registry.StateKind;
import io.forebay.flink.registry.StateRegistry;
import io.forebay.store.Store;
import java.io.EOFException;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.runtime.execution.CancelTaskException;
import org.apache.flink.runtime.metrics.MetricNames;
import org.apache.flink.runtime.state.CompositeKeySerializationUtils;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.StateSerializerProvider;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueSnapshotRestoreWrapper;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;
import org.apache.flink.runtime.state.restore.FullSnapshotRestoreOperation;
import org.apache.flink.runtime.state.restore.KeyGroup;
import org.apache.flink.runtime.state.restore.KeyGroupEntry;
import org.apache.flink.runtime.state.restore.SavepointRestoreResult;
import org.apache.flink.runtime.state.restore.ThrowingIterator;
import org.apache.flink.util.clock.SystemClock;

/** Restores savepoints in canonical format, of Forebay and of other backends. Used by one thread, that of the task. */
final class CanonicalRestore<K> implements RestoreOperation {
    private static final byte[] NO_PAYLOAD = new byte[0];

    private final RestoreContext<K> context;
    private final List<KeyedStateHandle> handles;
    private final HeapQueueLoader<K> heapQueues;
    private final int keyGroupBytes;

    CanonicalRestore(RestoreContext<K> context, List<KeyedStateHandle> handles) {
        this.context = context;
        // In the order of their rows, so that the rows can be written to files without passing through the memtable.
        this.handles = handles.stream()
                .sorted(Comparator.comparingInt(
                        handle -> handle.getKeyGroupRange().getStartKeyGroup()))
                .collect(Collectors.toList());
        this.heapQueues = new HeapQueueLoader<>(context);
        this.keyGroupBytes =
                CompositeKeySerializationUtils.computeRequiredBytesInKeyGroupPrefix(context.numberOfKeyGroups());
    }

    @Override
    public RestoredStore restore() throws Exception {
        Store store = context.environment().open(context.files(), context.options());
        try {
            load(store);
        } catch (Throwable t) {
            store.discard();
            throw t;
        }
        return RestoredStore.withoutHistory(store);
    }

    /** Adds the rows to a store that has no rows of their key groups, and commits. */
    void load(Store store) throws Exception {
        SystemClock clock = SystemClock.getInstance();
        long start = clock.relativeTimeMillis();
        FullSnapshotRestoreOperation<K> savepoints = new FullSnapshotRestoreOperation<>(
                context.keyGroups(), context.userClassLoader(), handles, keySerializerProvider());
        try (RowLoader loader = new RowLoader(store);
                ThrowingIterator<SavepointRestoreResult> results = savepoints.restore()) {
            // One result for each handle.
            for (KeyedStateHandle handle : handles) {
                restore(results.next(), handle.getKeyGroupRange().getIntersection(context.keyGroups()), loader);
            }
            loader.finish();
            store.commit(NO_PAYLOAD);
        }
        context.metrics().addMetric(MetricNames.RESTORE_STATE_DURATION, clock.relativeTimeMillis() - start);
    }

    /**
     * The provider that the key serializer of the savepoint is checked against. The backend's own provider takes one
     * earlier serializer only. When a native part has given it one, a new provider with the resulting serializer is used
     * instead.
     */
    private StateSerializerProvider<K> keySerializerProvider() {
        StateSerializerProvider<K> provider = context.keySerializerProvider();
        return provider.getPreviousSerializerSnapshot() == null
                ? provider
                : StateSerializerProvider.fromNewRegisteredSerializer(provider.currentSchemaSerializer());
    }

    private void restore(SavepointRestoreResult result, KeyGroupRange taken, RowLoader loader) throws Exception {
        List<StateMetaInfoSnapshot> metaInfos = result.getStateMetaInfoSnapshots();
        RegisteredState[] states = new RegisteredState[metaInfos.size()];
        // As the states of a store; those of heap queues live as long as this handle is read.
        StateRegistry queueStates = new StateRegistry();
        HeapPriorityQueueSnapshotRestoreWrapper<?>[] queues =
                new HeapPriorityQueueSnapshotRestoreWrapper<?>[metaInfos.size()];
        for (int i = 0; i < states.length; i++) {
            StateMetaInfoSnapshot metaInfo = metaInfos.get(i);
            if (context.heapQueueFactory() != null && StateRegistry.kindOf(metaInfo) == StateKind.PRIORITY_QUEUE) {
                states[i] = queueStates.restore(metaInfo, List.of(taken));
                queues[i] = heapQueues.queue(states[i].queueMetaInfo());
            } else {
                states[i] = context.registry().restore(metaInfo, List.of(taken));
            }
        }
        try (ThrowingIterator<KeyGroup> keyGroups = result.getRestoredKeyGroups()) {
            while (keyGroups.hasNext()) {
                if (context.cancelRegistry().isClosed()) {
                    throw new CancelTaskException("Cancelled while restoring a savepoint");
                }
                restore(keyGroups.next(), states, queues, loader);
                loader.endBatch();
            }
        }
    }

    /**
     * Reads the next entry of a key group, and checks that it is one: handles of the same class have other formats too,
     * such as that of the heap backend's checkpoints.
     */
    private KeyGroupEntry next(KeyGroup keyGroup, ThrowingIterator<KeyGroupEntry> entries, int states)
            throws Exception {
        KeyGroupEntry entry;
        try {
            entry = entries.next();
        } catch (EOFException | IndexOutOfBoundsException | NegativeArraySizeException | IllegalStateException e) {
            throw notCanonical(keyGroup, "it cannot be read as entries", e);
        }
        if (entry.getKvStateId() < 0 || entry.getKvStateId() >= states) {
            throw notCanonical(keyGroup, "an entry of state number " + entry.getKvStateId() + " of " + states, null);
        }
        byte[] key = entry.getKey();
        if (key.length < keyGroupBytes
                || CompositeKeySerializationUtils.readKeyGroup(keyGroupBytes, new DataInputDeserializer(key))
                        != keyGroup.getKeyGroupId()) {
            throw notCanonical(keyGroup, "an entry of another key group", null);
        }
        return entry;
    }

    private static IOException notCanonical(KeyGroup keyGroup, String found, Exception cause) {
        return new IOException(
                "Key group " + keyGroup.getKeyGroupId() + " of the snapshot is not in canonical format, or damaged: "
                        + found
                        + ". Checkpoints and native savepoints of other state backends cannot be read: move over with a"
                        + " savepoint in canonical format.",
                cause);
    }

    private void restore(
            KeyGroup keyGroup,
            RegisteredState[] states,
            HeapPriorityQueueSnapshotRestoreWrapper<?>[] queues,
            RowLoader loader)
            throws Exception {
        try (ThrowingIterator<KeyGroupEntry> entries = keyGroup.getKeyGroupEntries()) {
            while (entries.hasNext()) {
                KeyGroupEntry entry = next(keyGroup, entries, states.length);
                int index = entry.getKvStateId();
                if (queues[index] != null) {
                    heapQueues.add(
                            queues[index],
                            states[index].queueMetaInfo(keyGroup.getKeyGroupId()),
                            entry.getKey(),
                            keyGroupBytes);
                } else {
                    loader.add(
                            KeyLayout.fromCanonical(entry.getKey(), keyGroupBytes, states[index].id()),
                            entry.getValue());
                }
            }
        }
    }
}
