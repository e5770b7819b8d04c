package io.forebay.flink.state;

import java.io.IOException;
import java.util.Collection;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.state.internal.InternalMergingState;
import org.apache.flink.runtime.state.ttl.TtlAwareSerializer;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;

/**
 * Base of states that combine all added elements into one value, in one row.
 *
 * @param <I> type of an added element
 * @param <A> type of the value in the row
 * @param <O> type of the value that a read returns
 */
abstract class AbstractForebayFoldingState<K, N, I, A, O> extends AbstractForebayState<K, N, A>
        implements InternalMergingState<K, N, I, A, O> {
    AbstractForebayFoldingState(StateContext<K> context, int stateId) {
        super(context, stateId);
    }

    /** Combines the values of two rows. */
    abstract A fold(A left, A right) throws Exception;

    @Override
    public A getInternal() throws IOException {
        return readValue();
    }

    @Override
    public void updateInternal(A newValue) throws IOException {
        writeValue(newValue);
    }

    @Override
    public void mergeNamespaces(N target, Collection<N> sources) throws Exception {
        if (sources == null) {
            return;
        }
        A merged = null;
        for (N source : sources) {
            if (source == null) {
                continue;
            }
            setCurrentNamespace(source);
            A part = readValue();
            if (part != null) {
                clear();
                merged = merged == null ? part : fold(merged, part);
            }
        }
        setCurrentNamespace(target);
        if (merged != null) {
            A present = readValue();
            A result = present == null ? merged : fold(merged, present);
            if (result == null) { // both have expired
                clear();
            } else {
                writeValue(result);
            }
        }
    }

    @Override
    public void migrate(
            DataInputDeserializer priorValue,
            DataOutputSerializer migrated,
            TtlAwareSerializer<A, ?> prior,
            TtlAwareSerializer<A, ?> current,
            TtlTimeProvider timeProvider)
            throws IOException {
        migrateSingle(priorValue, migrated, prior, current, timeProvider);
    }
}
