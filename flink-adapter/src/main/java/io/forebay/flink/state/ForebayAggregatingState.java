package io.forebay.flink.state;

import java.io.IOException;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.state.AggregatingStateDescriptor;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.runtime.state.RegisteredKeyValueStateBackendMetaInfo;
import org.apache.flink.runtime.state.internal.InternalAggregatingState;

/** Aggregating state: the accumulator of an aggregate function, in one row. */
final class ForebayAggregatingState<K, N, I, A, O> extends AbstractForebayFoldingState<K, N, I, A, O>
        implements InternalAggregatingState<K, N, I, A, O> {
    private AggregateFunction<I, A, O> aggregateFunction;

    ForebayAggregatingState(StateContext<K> context, int stateId) {
        super(context, stateId);
    }

    @Override
    @SuppressWarnings("unchecked")
    void update(StateDescriptor<?, A> descriptor, RegisteredKeyValueStateBackendMetaInfo<N, A> metaInfo) {
        super.update(descriptor, metaInfo);
        aggregateFunction = ((AggregatingStateDescriptor<I, A, O>) descriptor).getAggregateFunction();
    }

    @Override
    public O get() throws IOException {
        A accumulator = readValue();
        return accumulator == null ? null : aggregateFunction.getResult(accumulator);
    }

    @Override
    public void add(I element) throws IOException {
        A accumulator = readValue();
        if (accumulator == null) {
            accumulator = aggregateFunction.createAccumulator();
        }
        writeValue(aggregateFunction.add(element, accumulator));
    }

    @Override
    A fold(A left, A right) {
        return aggregateFunction.merge(left, right);
    }
}
