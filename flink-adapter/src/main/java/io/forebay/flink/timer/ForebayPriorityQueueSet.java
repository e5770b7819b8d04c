package io.forebay.flink.timer;

import io.forebay.flink.key.KeyLayout;
import io.forebay.store.KeyRange;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collection;
import java.util.NoSuchElementException;
import javax.annotation.Nonnull;
import javax.annotation.Nullable;
import org.apache.flink.annotation.Internal;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.state.InternalPriorityQueue;
import org.apache.flink.runtime.state.heap.AbstractHeapPriorityQueueElement;
import org.apache.flink.util.CloseableIterator;
import org.apache.flink.util.FlinkRuntimeException;

/**
 * The elements of a queue in one key group, one row each, in the order of their bytes. The first rows are in memory too,
 * in the cache. An added element is written to the store at once. Polled elements are deleted later: a run of polled rows
 * becomes one range delete, so that few tombstones lie before the head of the queue. Has set semantics. Used by one
 * thread, that of the task.
 *
 * <pre>
 *   rows in the store, in order
 *   | firstPolled ... lastPolled | cache.first() ... cache.last() | others              |
 *     polled, to be deleted        in memory                        in the store only; none if allCached
 * </pre>
 *
 * <p>Invariants: the cache has the smallest rows of the queue. {@code [firstPolled, lastPolled]} has rows to be deleted,
 * and no row of the queue.
 *
 * @param <E> type of the elements; the order of their serialized bytes is their priority
 */
@Internal
public final class ForebayPriorityQueueSet<E> extends AbstractHeapPriorityQueueElement
        implements InternalPriorityQueue<E> {
    private static final byte[] NO_VALUE = new byte[0];

    /**
     * An added row pushes the last row out of the cache when the cache has more rows than its capacity divided by this
     * number, because an insert moves the rows that follow it. A refill only appends, and fills the whole cache: each
     * refill makes the store sort the rows that were added since the last one, so refills should be few.
     */
    private static final int SHARE_FOR_ADDS = 4;

    private final Store store;
    private final PendingRemovals pending;
    private final byte[] prefix;
    private final byte[] end;
    private final TypeSerializer<E> serializer;
    private final DataOutputSerializer out;
    private final DataInputDeserializer in;
    private final int cacheRows;
    private final int cacheRowsForAdds;

    private final OrderedRows cache;
    private boolean allCached;
    private byte[] seekFrom;
    private E head;

    private boolean isPending;
    private int polled;
    private byte[] firstPolled;
    private byte[] lastPolled;

    /**
     * @param out a buffer that all queues of the backend share, as {@code in}
     * @param empty true when the store certainly has no row of this queue
     */
    ForebayPriorityQueueSet(
            Store store,
            PendingRemovals pending,
            int keyGroup,
            int stateId,
            TypeSerializer<E> serializer,
            DataOutputSerializer out,
            DataInputDeserializer in,
            int cacheRows,
            boolean empty) {
        this.store = store;
        this.pending = pending;
        this.prefix = KeyLayout.prefix(keyGroup, stateId);
        this.end = KeyRange.prefixEnd(prefix);
        this.serializer = serializer;
        this.out = out;
        this.in = in;
        this.cacheRows = cacheRows;
        this.cacheRowsForAdds = Math.max(1, cacheRows / SHARE_FOR_ADDS);
        this.cache = new OrderedRows(cacheRows);
        this.allCached = empty;
        this.seekFrom = prefix;
    }

    @Nullable
    @Override
    public E peek() {
        refill();
        if (head == null && !cache.isEmpty()) {
            head = deserialize(cache.first());
        }
        return head;
    }

    @Nullable
    @Override
    public E poll() {
        E result = peek();
        if (result == null) {
            return null;
        }
        head = null;
        byte[] row = cache.removeFirst();
        if (polled == 0) {
            firstPolled = row;
            if (!isPending) {
                isPending = true;
                pending.add(this::flushPending);
            }
        }
        lastPolled = row;
        polled++;
        if (cache.isEmpty()) {
            seekFrom = row;
        }
        if (polled >= cacheRows) {
            removePolled();
        }
        return result;
    }

    @Override
    public boolean add(@Nonnull E element) {
        refill();
        byte[] row = serialize(element);
        if (polled > 0 && Arrays.compareUnsigned(row, lastPolled) <= 0) {
            removePolled();
        }
        boolean full = cache.size() >= cacheRowsForAdds;
        if ((full || !allCached) && Arrays.compareUnsigned(row, cache.last()) > 0) {
            allCached = false;
            store.put(row, NO_VALUE);
            return false;
        }
        int position = cache.add(row);
        if (position < 0) {
            return false;
        }
        store.put(row, NO_VALUE);
        if (full) {
            cache.removeLast();
            allCached = false;
        }
        if (position == 0) {
            head = null;
            return true;
        }
        return false;
    }

    @Override
    public boolean remove(@Nonnull E element) {
        refill();
        if (cache.isEmpty()) {
            return false;
        }
        byte[] row = serialize(element);
        int position = cache.remove(row);
        if (position < 0) {
            if (!allCached) {
                store.delete(row);
            }
            return false;
        }
        store.delete(row);
        if (position > 0) {
            return false;
        }
        head = null;
        if (cache.isEmpty()) {
            seekFrom = row;
        }
        return true;
    }

    @Override
    public void addAll(@Nullable Collection<? extends E> elements) {
        if (elements != null) {
            elements.forEach(this::add);
        }
    }

    @Override
    public boolean isEmpty() {
        refill();
        return cache.isEmpty();
    }

    /** The number of elements. Expensive when not all rows are in memory: then the rows in the store are counted. */
    @Override
    public int size() {
        if (allCached) {
            return cache.size();
        }
        removePolled();
        int count = 0;
        try (StoreIterator rows = rows()) {
            for (; rows.isValid(); rows.next()) {
                count++;
            }
        }
        return count;
    }

    @Nonnull
    @Override
    public CloseableIterator<E> iterator() {
        removePolled();
        StoreIterator rows = rows();
        return new CloseableIterator<>() {
            @Override
            public boolean hasNext() {
                return rows.isValid();
            }

            @Override
            public E next() {
                if (!rows.isValid()) {
                    throw new NoSuchElementException();
                }
                E element = deserialize(rows.key());
                rows.next();
                return element;
            }

            @Override
            public void close() {
                rows.close();
            }
        };
    }

    /** {@link PendingRemovals} runs this once, or again after a failure. */
    private void flushPending() {
        removePolled();
        isPending = false;
    }

    /** Deletes the rows of the elements that have been polled since the last call. */
    private void removePolled() {
        if (polled == 0) {
            return;
        }
        if (polled == 1) {
            store.delete(lastPolled);
        } else {
            store.deleteRange(firstPolled, Arrays.copyOf(lastPolled, lastPolled.length + 1));
        }
        polled = 0;
        firstPolled = null;
        lastPolled = null;
    }

    private void refill() {
        if (allCached || !cache.isEmpty()) {
            return;
        }
        removePolled();
        try (StoreIterator rows = rows()) {
            for (; rows.isValid() && !cache.isFull(); rows.next()) {
                cache.addLast(rows.key());
            }
            allCached = !rows.isValid();
        }
    }

    /** Opens an iterator on the first row of the queue. */
    private StoreIterator rows() {
        StoreIterator rows = store.iterator(KeyRange.of(cache.isEmpty() ? seekFrom : cache.first(), end));
        rows.seekToFirst();
        return rows;
    }

    private byte[] serialize(E element) {
        try {
            out.clear();
            out.write(prefix);
            serializer.serialize(element, out);
            return out.getCopyOfBuffer();
        } catch (IOException e) {
            throw new FlinkRuntimeException("Cannot serialize the queue element " + element, e);
        }
    }

    private E deserialize(byte[] row) {
        try {
            in.setBuffer(row, prefix.length, row.length - prefix.length);
            return serializer.deserialize(in);
        } catch (IOException e) {
            throw new FlinkRuntimeException("Cannot deserialize a queue element", e);
        }
    }
}
