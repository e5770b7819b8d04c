package io.forebay.flink.state;

import io.forebay.flink.registry.RegisteredState;
import org.apache.flink.annotation.Internal;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.runtime.state.RegisteredKeyValueStateBackendMetaInfo;
import org.apache.flink.util.FlinkRuntimeException;

/** Creates the state object of a descriptor, or updates it when the descriptor is registered again. Static. */
@Internal
public final class ForebayStates {
    private ForebayStates() {}

    @SuppressWarnings({"unchecked", "rawtypes"})
    public static <K, N, V> AbstractForebayState<K, N, V> create(
            StateDescriptor<?, V> descriptor, RegisteredState registered, StateContext<K> context) {
        AbstractForebayState state;
        switch (descriptor.getType()) {
            case VALUE:
                state = new ForebayValueState(context, registered.id());
                break;
            case LIST:
                state = new ForebayListState(context, registered.id());
                break;
            case MAP:
                state = new ForebayMapState(context, registered.id());
                break;
            case REDUCING:
                state = new ForebayReducingState(context, registered.id());
                break;
            case AGGREGATING:
                state = new ForebayAggregatingState(context, registered.id());
                break;
            default:
                throw new FlinkRuntimeException(
                        "State " + descriptor.getClass() + " is not supported by " + ForebayStates.class);
        }
        update(state, descriptor, registered.keyValueMetaInfo());
        return state;
    }

    public static <K, N, V> void update(
            AbstractForebayState<K, N, V> state,
            StateDescriptor<?, V> descriptor,
            RegisteredKeyValueStateBackendMetaInfo<N, V> metaInfo) {
        state.update(descriptor, metaInfo);
    }
}
