package io.forebay.flink.state;

import io.forebay.store.EntryBatch;
import io.forebay.store.KeyRange;
import io.forebay.store.Store;
import java.io.IOException;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import javax.annotation.Nullable;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.util.FlinkRuntimeException;

/**
 * Iterates over the entries of one map. Flink does not close such iterators. So the iterator of the store is open only
 * while a batch of rows is copied; the next batch starts after the last row of this one. Changes that are made meanwhile
 * are seen in the next batch and later ones. Keys and values are deserialized when they are asked for. Used by one
 * thread.
 *
 * @param <T> what the iterator returns: entries, keys or values
 */
abstract class MapRows<T, UK, UV> implements Iterator<T> {
    /** Small, because most maps are small, and a caller that needs the first entry only should not pay for many. */
    private static final int FIRST_BATCH_ROWS = 16;

    private static final int BATCH_GROWTH = 4;
    private static final int MAX_BATCH_ROWS = 1024;
    private static final int MAX_BATCH_BYTES = 256 << 10;

    private final Store store;

    @Nullable
    private final ForebayMapState<?, ?, UK, UV> state;

    private final TypeSerializer<UK> keySerializer;
    private final TypeSerializer<UV> valueSerializer;
    private final DataInputDeserializer in = new DataInputDeserializer();
    private final byte[] prefix;
    private final byte[] end;

    /** Null before the first one. */
    private EntryBatch batch;

    private int next;
    private int batchRows = FIRST_BATCH_ROWS;
    private boolean exhausted;
    private Entry current;

    private MapRows(
            Store store,
            @Nullable ForebayMapState<?, ?, UK, UV> state,
            byte[] prefix,
            TypeSerializer<UK> keySerializer,
            TypeSerializer<UV> valueSerializer) {
        this.store = store;
        this.state = state;
        this.prefix = prefix;
        this.end = KeyRange.prefixEnd(prefix);
        this.keySerializer = keySerializer;
        this.valueSerializer = valueSerializer;
    }

    private MapRows(ForebayMapState<?, ?, UK, UV> state, byte[] prefix) {
        this(state.store, state, prefix, state.userKeySerializer(), state.userValueSerializer());
    }

    static <UK, UV> Iterator<Map.Entry<UK, UV>> entries(ForebayMapState<?, ?, UK, UV> state, byte[] prefix) {
        return new MapRows<>(state, prefix) {
            @Override
            public Map.Entry<UK, UV> next() {
                return nextEntry();
            }
        };
    }

    static <UK, UV> Iterator<UK> keys(ForebayMapState<?, ?, UK, UV> state, byte[] prefix) {
        return new MapRows<UK, UK, UV>(state, prefix) {
            @Override
            public UK next() {
                return nextEntry().getKey();
            }

            @Override
            boolean needsValues() {
                return false;
            }
        };
    }

    static <UK, UV> Iterator<UV> values(ForebayMapState<?, ?, UK, UV> state, byte[] prefix) {
        return new MapRows<UV, UK, UV>(state, prefix) {
            @Override
            public UV next() {
                return nextEntry().getValue();
            }
        };
    }

    /** For a thread other than that of the task, which has serializers of its own. The entries cannot be changed. */
    static <UK, UV> MapRows<Map.Entry<UK, UV>, UK, UV> readOnlyEntries(
            Store store, byte[] prefix, TypeSerializer<UK> keySerializer, TypeSerializer<UV> valueSerializer) {
        return new MapRows<>(store, null, prefix, keySerializer, valueSerializer) {
            @Override
            public Map.Entry<UK, UV> next() {
                return nextEntry();
            }
        };
    }

    /** False when the iterator never returns values; then they are not copied. */
    boolean needsValues() {
        return true;
    }

    @Override
    public boolean hasNext() {
        if ((batch == null || next == batch.size()) && !exhausted) {
            load();
        }
        return next < batch.size();
    }

    @Override
    public void remove() {
        if (current == null || current.removed) {
            throw new IllegalStateException("The remove operation must be called after a valid next operation.");
        }
        current.remove();
    }

    final Entry nextEntry() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        current = new Entry(batch, next++);
        return current;
    }

    private void load() {
        byte[] from = prefix;
        if (batch != null) {
            byte[] last = batch.key(batch.size() - 1);
            from = Arrays.copyOf(last, last.length + 1);
        }
        // A new batch, because entries refer to the batch that they are from.
        EntryBatch loaded = needsValues()
                ? EntryBatch.of(batchRows, MAX_BATCH_BYTES)
                : EntryBatch.ofKeys(batchRows, MAX_BATCH_BYTES);
        store.scan(KeyRange.of(from, end), loaded);
        exhausted = !loaded.isFull();
        batch = loaded;
        next = 0;
        batchRows = Math.min(MAX_BATCH_ROWS, batchRows * BATCH_GROWTH);
    }

    /** An entry of the map. A change is written to the store at once. */
    private final class Entry implements Map.Entry<UK, UV> {
        private final EntryBatch source;
        private final int index;
        private boolean removed;
        private boolean keyRead;
        private boolean valueRead;
        private UK userKey;
        private UV userValue;

        Entry(EntryBatch source, int index) {
            this.source = source;
            this.index = index;
        }

        void remove() {
            removed = true;
            owner().store.delete(source.key(index));
        }

        @Override
        public UK getKey() {
            if (!keyRead) {
                in.setBuffer(
                        source.array(),
                        source.keyOffset(index) + prefix.length,
                        source.keyLength(index) - prefix.length);
                try {
                    userKey = keySerializer.deserialize(in);
                } catch (IOException e) {
                    throw new FlinkRuntimeException("Cannot deserialize the user key of a map entry", e);
                }
                keyRead = true;
            }
            return userKey;
        }

        @Override
        public UV getValue() {
            if (removed) {
                return null;
            }
            if (!valueRead) {
                in.setBuffer(source.array(), source.valueOffset(index), source.valueLength(index));
                try {
                    userValue = ForebayMapState.readUserValue(in, valueSerializer);
                } catch (IOException e) {
                    throw new FlinkRuntimeException("Cannot deserialize the user value of a map entry", e);
                }
                valueRead = true;
            }
            return userValue;
        }

        @Override
        public UV setValue(UV newValue) {
            if (removed) {
                throw new IllegalStateException("The value has already been deleted.");
            }
            UV old = getValue();
            try {
                owner().putRow(source.key(index), newValue);
            } catch (IOException e) {
                throw new FlinkRuntimeException("Cannot serialize the user value of a map entry", e);
            }
            userValue = newValue;
            return old;
        }

        private ForebayMapState<?, ?, UK, UV> owner() {
            if (state == null) {
                throw new UnsupportedOperationException("This view of a map is read-only");
            }
            return state;
        }

        @Override
        public boolean equals(Object o) {
            return o instanceof Map.Entry<?, ?> other
                    && Objects.equals(getKey(), other.getKey())
                    && Objects.equals(getValue(), other.getValue());
        }

        @Override
        public int hashCode() {
            return Objects.hashCode(getKey()) ^ Objects.hashCode(getValue());
        }

        @Override
        public String toString() {
            return getKey() + "=" + getValue();
        }
    }
}
