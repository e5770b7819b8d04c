package io.forebay.flink.state;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.ListSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.state.ListDelimitedSerializer;
import org.apache.flink.runtime.state.RegisteredKeyValueStateBackendMetaInfo;
import org.apache.flink.runtime.state.internal.InternalListState;
import org.apache.flink.runtime.state.ttl.TtlAwareSerializer;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;
import org.apache.flink.util.Preconditions;

/**
 * List state: a list in one row. The value is the elements, with one delimiter byte between two elements, which is the
 * format of Flink's canonical savepoints. An add is a merge in the store, so it reads nothing.
 */
final class ForebayListState<K, N, V> extends AbstractForebayState<K, N, List<V>>
        implements InternalListState<K, N, V> {
    static final byte DELIMITER = ',';
    /** A longer list is written in pieces of about so many bytes, because as one value it may not fit into memory. */
    private static final int PIECE_BYTES = 128 << 10;

    private TypeSerializer<V> elementSerializer;

    ForebayListState(StateContext<K> context, int stateId) {
        super(context, stateId);
    }

    @Override
    void update(StateDescriptor<?, List<V>> descriptor, RegisteredKeyValueStateBackendMetaInfo<N, List<V>> metaInfo) {
        super.update(descriptor, metaInfo);
        elementSerializer = ((ListSerializer<V>) valueSerializer).getElementSerializer();
    }

    @Override
    public Iterable<V> get() throws IOException {
        return getInternal();
    }

    @Override
    public List<V> getInternal() throws IOException {
        selectRow();
        if (!readSelected()) {
            return null;
        }
        List<V> elements = new ArrayList<>();
        V element;
        while ((element = ListDelimitedSerializer.deserializeNextElement(in, elementSerializer)) != null) {
            elements.add(element);
        }
        return elements;
    }

    @Override
    public void add(V element) throws IOException {
        Preconditions.checkNotNull(element, "You cannot add null to a ListState.");
        out.clear();
        elementSerializer.serialize(element, out);
        mergeOut();
    }

    @Override
    public void addAll(List<V> elements) throws IOException {
        Preconditions.checkNotNull(elements, "List of values to add cannot be null.");
        write(elements, false);
    }

    @Override
    public void update(List<V> elements) throws IOException {
        updateInternal(elements);
    }

    @Override
    public void updateInternal(List<V> elements) throws IOException {
        Preconditions.checkNotNull(elements, "List of values to add cannot be null.");
        if (elements.isEmpty()) {
            clear();
        } else {
            write(elements, true);
        }
    }

    @Override
    public void mergeNamespaces(N target, Collection<N> sources) throws IOException {
        if (sources == null) {
            return;
        }
        for (N source : sources) {
            if (source == null) {
                continue;
            }
            setCurrentNamespace(source);
            selectRow();
            if (readSelected()) {
                store.delete(row.array(), 0, row.length());
                setCurrentNamespace(target);
                selectRow();
                write(row.array(), row.length(), value.array(), value.length(), elementSerializer, false);
            }
        }
        setCurrentNamespace(target);
    }

    @Override
    public void migrate(
            DataInputDeserializer priorValue,
            DataOutputSerializer migrated,
            TtlAwareSerializer<List<V>, ?> prior,
            TtlAwareSerializer<List<V>, ?> current,
            TtlTimeProvider timeProvider)
            throws IOException {
        TtlAwareSerializer<V, ?> priorElement =
                ((TtlAwareSerializer.TtlAwareListSerializer<V>) prior).getElementSerializer();
        TtlAwareSerializer<V, ?> currentElement =
                ((TtlAwareSerializer.TtlAwareListSerializer<V>) current).getElementSerializer();
        while (priorValue.available() > 0) {
            currentElement.migrateValueFromPriorSerializer(
                    priorElement,
                    () -> ListDelimitedSerializer.deserializeNextElement(priorValue, priorElement),
                    migrated,
                    timeProvider);
            if (priorValue.available() > 0) {
                migrated.write(DELIMITER);
            }
        }
    }

    @Override
    void writeMigrated(byte[] key, int keyLength, DataOutputSerializer migrated, TtlAwareSerializer<List<V>, ?> current)
            throws IOException {
        write(
                key,
                keyLength,
                migrated.getSharedBuffer(),
                migrated.length(),
                ((TtlAwareSerializer.TtlAwareListSerializer<V>) current).getElementSerializer(),
                true);
    }

    /**
     * Serializes all elements before it writes any: when one cannot be serialized, the list stays as it was.
     *
     * @param anew true to replace the list in the row, false to append to it
     */
    private void write(List<V> elements, boolean anew) throws IOException {
        for (V element : elements) {
            Preconditions.checkNotNull(element, "You cannot add null to a value list.");
        }
        List<byte[]> pieces = new ArrayList<>();
        out.clear();
        for (Iterator<V> rest = elements.iterator(); rest.hasNext(); ) {
            elementSerializer.serialize(rest.next(), out);
            if (rest.hasNext() && out.length() >= PIECE_BYTES) {
                pieces.add(out.getCopyOfBuffer());
                out.clear();
            } else if (rest.hasNext()) {
                out.write(DELIMITER);
            }
        }
        selectRow();
        boolean first = anew;
        for (byte[] piece : pieces) {
            writePiece(row.array(), row.length(), piece, 0, piece.length, first);
            first = false;
        }
        if (!elements.isEmpty()) {
            writePiece(row.array(), row.length(), out.getSharedBuffer(), 0, out.length(), first);
        }
    }

    /** Writes a list in pieces. It is cut between elements; only the serializer of the elements finds their ends. */
    private void write(byte[] key, int keyLength, byte[] list, int length, TypeSerializer<V> serializer, boolean anew)
            throws IOException {
        in.setBuffer(list, 0, length);
        boolean first = anew;
        int from = 0;
        while (length - from > PIECE_BYTES) {
            while (in.getPosition() - from < PIECE_BYTES && in.available() > 0) {
                ListDelimitedSerializer.deserializeNextElement(in, serializer);
            }
            if (in.available() == 0) {
                break;
            }
            writePiece(key, keyLength, list, from, in.getPosition() - 1 - from, first);
            first = false;
            from = in.getPosition();
        }
        writePiece(key, keyLength, list, from, length - from, first);
    }

    private void writePiece(byte[] key, int keyLength, byte[] bytes, int from, int length, boolean anew) {
        if (anew) {
            store.put(key, 0, keyLength, bytes, from, length);
        } else {
            store.merge(key, 0, keyLength, bytes, from, length);
        }
    }

    private void mergeOut() {
        selectRow();
        store.merge(row.array(), 0, row.length(), out.getSharedBuffer(), 0, out.length());
    }
}
