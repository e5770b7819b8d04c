package io.forebay.flink.state;

import org.apache.flink.api.common.functions.ReduceFunction;
import org.apache.flink.api.common.state.ReducingStateDescriptor;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.runtime.state.RegisteredKeyValueStateBackendMetaInfo;
import org.apache.flink.runtime.state.internal.InternalReducingState;

/** Reducing state: the result of a reduce function over all added elements, in one row. */
final class ForebayReducingState<K, N, V> extends AbstractForebayFoldingState<K, N, V, V, V>
        implements InternalReducingState<K, N, V> {
    private ReduceFunction<V> reduceFunction;

    ForebayReducingState(StateContext<K> context, int stateId) {
        super(context, stateId);
    }

    @Override
    void update(StateDescriptor<?, V> descriptor, RegisteredKeyValueStateBackendMetaInfo<N, V> metaInfo) {
        super.update(descriptor, metaInfo);
        reduceFunction = ((ReducingStateDescriptor<V>) descriptor).getReduceFunction();
    }

    @Override
    public V get() throws Exception {
        return readValue();
    }

    @Override
    public void add(V element) throws Exception {
        V present = readValue();
        writeValue(present == null ? element : reduceFunction.reduce(present, element));
    }

    @Override
    V fold(V left, V right) throws Exception {
        return reduceFunction.reduce(left, right);
    }
}
