package io.forebay.flink.state;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.annotation.Nullable;
import org.apache.flink.annotation.Internal;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.ListSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.runtime.state.ListDelimitedSerializer;
import org.apache.flink.runtime.state.StateSnapshotTransformer;
import org.apache.flink.runtime.state.StateSnapshotTransformer.CollectionStateSnapshotTransformer;
import org.apache.flink.runtime.state.StateSnapshotTransformer.CollectionStateSnapshotTransformer.TransformStrategy;
import org.apache.flink.runtime.state.StateSnapshotTransformer.StateSnapshotTransformFactory;
import org.apache.flink.util.FlinkRuntimeException;

/**
 * Adapts the snapshot transformers of Flink to the values of rows. In practice these transformers leave out expired
 * state. A transformer is used by one thread; each snapshot creates its own.
 */
@Internal
public final class RowTransformers {
    private RowTransformers() {}

    /**
     * Makes a factory whose {@link StateSnapshotTransformFactory#createForSerializedState()} transforms the values of
     * rows of the described state.
     */
    @SuppressWarnings("unchecked")
    public static <V, E> StateSnapshotTransformFactory<V> forRows(
            StateDescriptor<?, V> descriptor,
            StateSnapshotTransformFactory<E> factory,
            TypeSerializer<V> stateSerializer) {
        return new StateSnapshotTransformFactory<>() {
            @Override
            public Optional<StateSnapshotTransformer<V>> createForDeserializedState() {
                throw new UnsupportedOperationException("Forebay transforms serialized state only");
            }

            @Override
            public Optional<StateSnapshotTransformer<byte[]>> createForSerializedState() {
                if (descriptor instanceof ListStateDescriptor) {
                    TypeSerializer<E> element = ((ListSerializer<E>) stateSerializer).getElementSerializer();
                    return factory.createForDeserializedState().map(t -> new ListRows<>(t, element.duplicate()));
                }
                Optional<StateSnapshotTransformer<byte[]>> serialized = factory.createForSerializedState();
                return descriptor instanceof MapStateDescriptor ? serialized.map(MapEntryRows::new) : serialized;
            }
        };
    }

    /** Transforms the value of a map entry, which follows the null flag. Null means that the whole row is left out. */
    private record MapEntryRows(StateSnapshotTransformer<byte[]> userValues)
            implements StateSnapshotTransformer<byte[]> {
        @Override
        @Nullable
        public byte[] filterOrTransform(@Nullable byte[] row) {
            if (row == null || row[0] != 0) {
                return row;
            }
            byte[] userValue = Arrays.copyOfRange(row, 1, row.length);
            byte[] transformed = userValues.filterOrTransform(userValue);
            if (transformed == null || transformed == userValue) {
                return transformed == null ? null : row;
            }
            byte[] changed = new byte[transformed.length + 1];
            System.arraycopy(transformed, 0, changed, 1, transformed.length);
            return changed;
        }
    }

    private static final class ListRows<E> implements StateSnapshotTransformer<byte[]> {
        private final StateSnapshotTransformer<E> elements;
        private final TypeSerializer<E> elementSerializer;
        private final boolean keepTail;
        private final ListDelimitedSerializer lists = new ListDelimitedSerializer();
        private final DataInputDeserializer in = new DataInputDeserializer();

        ListRows(StateSnapshotTransformer<E> elements, TypeSerializer<E> elementSerializer) {
            this.elements = elements;
            this.elementSerializer = elementSerializer;
            this.keepTail = elements instanceof CollectionStateSnapshotTransformer<?> collection
                    && collection.getFilterStrategy() == TransformStrategy.STOP_ON_FIRST_INCLUDED;
        }

        @Override
        @Nullable
        public byte[] filterOrTransform(@Nullable byte[] row) {
            if (row == null) {
                return null;
            }
            List<E> kept = new ArrayList<>();
            in.setBuffer(row);
            try {
                int elementAt = 0;
                E element;
                while ((element = ListDelimitedSerializer.deserializeNextElement(in, elementSerializer)) != null) {
                    E transformed = elements.filterOrTransform(element);
                    if (transformed != null) {
                        if (keepTail) {
                            return Arrays.copyOfRange(row, elementAt, row.length);
                        }
                        kept.add(transformed);
                    }
                    elementAt = in.getPosition();
                }
                return kept.isEmpty() ? null : lists.serializeList(kept, elementSerializer);
            } catch (IOException e) {
                throw new FlinkRuntimeException("Cannot transform a list for a snapshot", e);
            }
        }
    }
}
