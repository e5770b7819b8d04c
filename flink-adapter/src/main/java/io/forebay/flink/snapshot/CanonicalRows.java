package io.forebay.flink.snapshot;

import io.forebay.flink.key.KeyLayout;
import io.forebay.store.StoreIterator;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import javax.annotation.Nullable;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyValueStateIterator;
import org.apache.flink.runtime.state.StateSnapshotTransformer;

/**
 * The rows of a backend in the order and format of a canonical savepoint: by key group, then by state. One scan of the
 * store returns its rows in this order. The elements of the heap queues follow at the end of each key group. Used by one
 * thread.
 */
final class CanonicalRows implements KeyValueStateIterator {
    private static final byte[] NO_VALUE = new byte[0];

    /**
     * A state of the store.
     *
     * @param index its number in the savepoint
     * @param transformer null when all values are written as they are
     */
    record StoreState(int index, @Nullable StateSnapshotTransformer<byte[]> transformer) {}

    private final StoreIterator rows;
    private final Map<Integer, StoreState> states;
    private final List<HeapQueueRows<?>> queues;
    private final int lastKeyGroup;
    private final int keyGroupBytes;

    private int scannedKeyGroup;
    /** The number of the queue whose elements come next; -1 while rows of the store come next. */
    private int queue = -1;

    private byte[] key;
    private byte[] value;
    private int keyGroup = -1;
    private int index = -1;
    private boolean newKeyGroup;
    private boolean newState;
    private boolean valid;

    /**
     * @param rows an iterator over the rows of {@code keyGroups}; closed with this object
     * @param queues the heap queues; their numbers in the savepoint follow those of {@code states}
     */
    CanonicalRows(
            StoreIterator rows,
            Map<Integer, StoreState> states,
            List<HeapQueueRows<?>> queues,
            KeyGroupRange keyGroups,
            int keyGroupBytes)
            throws IOException {
        this.rows = rows;
        this.states = states;
        this.queues = queues;
        this.scannedKeyGroup = keyGroups.getStartKeyGroup();
        this.lastKeyGroup = keyGroups.getEndKeyGroup();
        this.keyGroupBytes = keyGroupBytes;
        rows.seekToFirst();
        next();
    }

    @Override
    public void next() throws IOException {
        int previousKeyGroup = keyGroup;
        int previousIndex = index;
        valid = advance();
        newKeyGroup = keyGroup != previousKeyGroup;
        newState = newKeyGroup || index != previousIndex;
    }

    private boolean advance() throws IOException {
        while (scannedKeyGroup <= lastKeyGroup) {
            if (queue < 0) {
                while (rows.isValid() && KeyLayout.keyGroup(rows.keyArray()) == scannedKeyGroup) {
                    boolean taken = takeRow();
                    rows.next();
                    if (taken) {
                        return true;
                    }
                }
                startQueue(0);
            } else if (queue == queues.size()) {
                queue = -1;
                scannedKeyGroup++;
            } else if (queues.get(queue).hasNext()) {
                key = queues.get(queue).nextKey(keyGroupBytes);
                value = NO_VALUE;
                keyGroup = scannedKeyGroup;
                index = states.size() + queue;
                return true;
            } else {
                startQueue(queue + 1);
            }
        }
        return false;
    }

    private boolean takeRow() {
        StoreState state = states.get(KeyLayout.stateId(rows.keyArray()));
        if (state == null) {
            throw new IllegalStateException(String.format(
                    "The store holds a row of the unknown state id %08x", KeyLayout.stateId(rows.keyArray())));
        }
        byte[] read = rows.value();
        value = state.transformer() == null ? read : state.transformer().filterOrTransform(read);
        if (value == null) {
            return false;
        }
        key = KeyLayout.toCanonical(rows.keyArray(), rows.keyLength(), keyGroupBytes);
        keyGroup = scannedKeyGroup;
        index = state.index();
        return true;
    }

    private void startQueue(int number) {
        queue = number;
        if (number < queues.size()) {
            queues.get(number).startKeyGroup(scannedKeyGroup);
        }
    }

    @Override
    public int keyGroup() {
        return keyGroup;
    }

    /** The key, in an array that the caller may change. */
    @Override
    public byte[] key() {
        return key;
    }

    @Override
    public byte[] value() {
        return value;
    }

    @Override
    public int kvStateId() {
        return index;
    }

    @Override
    public boolean isNewKeyValueState() {
        return newState;
    }

    @Override
    public boolean isNewKeyGroup() {
        return newKeyGroup;
    }

    @Override
    public boolean isValid() {
        return valid;
    }

    @Override
    public void close() {
        rows.close();
    }
}
