package io.forebay.flink.state;

import io.forebay.store.KeyRange;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.ValueBuffer;
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
 * Iterates the entries of one map. Flink's iterators are never closed, so a store iterator is open only while a batch of
 * rows is copied out; the next batch starts behind the last row of this one. Changes made meanwhile are seen from the
 * next batch on. Keys and values are deserialised when asked for.
 *
 * @param <T> what is returned: entries, keys or values
 */
abstract class MapRows<T, UK, UV> implements Iterator<T> {
    private static final int FIRST_BATCH_ROWS = 64;
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

    private Batch batch = new Batch();
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

    /** For threads other than the task's, with serializers of their own. */
    static <UK, UV> MapRows<Map.Entry<UK, UV>, UK, UV> readOnlyEntries(
            Store store, byte[] prefix, TypeSerializer<UK> keySerializer, TypeSerializer<UV> valueSerializer) {
        return new MapRows<>(store, null, prefix, keySerializer, valueSerializer) {
            @Override
            public Map.Entry<UK, UV> next() {
                return nextEntry();
            }
        };
    }

    @Override
    public boolean hasNext() {
        if (next == batch.rows && !exhausted) {
            load();
        }
        return next < batch.rows;
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
        if (batch.rows > 0) {
            byte[] last = batch.row(batch.rows - 1);
            from = Arrays.copyOf(last, last.length + 1);
        }
        Batch loaded = new Batch();
        try (StoreIterator rows = store.iterator(KeyRange.of(from, end))) {
            ValueBuffer value = new ValueBuffer(64);
            rows.seekToFirst();
            while (rows.isValid() && loaded.rows < batchRows && loaded.used < MAX_BATCH_BYTES) {
                rows.value(value);
                loaded.add(rows.keyArray(), rows.keyLength(), value);
                rows.next();
            }
            exhausted = !rows.isValid();
        }
        batch = loaded;
        next = 0;
        batchRows = Math.min(MAX_BATCH_ROWS, batchRows * 2);
    }

    /** Rows copied out of the store, one behind the other: key bytes, then value bytes. */
    private static final class Batch {
        private byte[] bytes = new byte[256];
        private int[] bounds = new int[17];
        private int rows;
        private int used;

        void add(byte[] key, int keyLength, ValueBuffer value) {
            int needed = Math.addExact(used, Math.addExact(keyLength, value.length()));
            if (needed > bytes.length) {
                bytes = Arrays.copyOf(
                        bytes, (int) Math.min(Integer.MAX_VALUE - 16L, Math.max(needed, bytes.length * 2L)));
            }
            if (2 * rows + 2 >= bounds.length) {
                bounds = Arrays.copyOf(bounds, bounds.length * 2);
            }
            System.arraycopy(key, 0, bytes, used, keyLength);
            System.arraycopy(value.array(), 0, bytes, used + keyLength, value.length());
            bounds[2 * rows + 1] = used + keyLength;
            bounds[2 * rows + 2] = needed;
            used = needed;
            rows++;
        }

        int keyAt(int row) {
            return bounds[2 * row];
        }

        int valueAt(int row) {
            return bounds[2 * row + 1];
        }

        int endOf(int row) {
            return bounds[2 * row + 2];
        }

        byte[] row(int row) {
            return Arrays.copyOfRange(bytes, keyAt(row), valueAt(row));
        }
    }

    /** An entry of the map; changes go straight to the store. */
    private final class Entry implements Map.Entry<UK, UV> {
        private final Batch source;
        private final int index;
        private boolean removed;
        private boolean keyRead;
        private boolean valueRead;
        private UK userKey;
        private UV userValue;

        Entry(Batch source, int index) {
            this.source = source;
            this.index = index;
        }

        void remove() {
            removed = true;
            owner().store.delete(source.row(index));
        }

        @Override
        public UK getKey() {
            if (!keyRead) {
                int at = source.keyAt(index) + prefix.length;
                in.setBuffer(source.bytes, at, source.valueAt(index) - at);
                try {
                    userKey = keySerializer.deserialize(in);
                } catch (IOException e) {
                    throw new FlinkRuntimeException("Cannot deserialise the user key of a map entry", e);
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
                int at = source.valueAt(index);
                in.setBuffer(source.bytes, at, source.endOf(index) - at);
                try {
                    userValue = ForebayMapState.readUserValue(in, valueSerializer);
                } catch (IOException e) {
                    throw new FlinkRuntimeException("Cannot deserialise the user value of a map entry", e);
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
                owner().putRow(source.row(index), newValue);
            } catch (IOException e) {
                throw new FlinkRuntimeException("Cannot serialise the user value of a map entry", e);
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
