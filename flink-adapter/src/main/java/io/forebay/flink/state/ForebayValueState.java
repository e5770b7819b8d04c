package io.forebay.flink.state;

import java.io.IOException;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.state.internal.InternalValueState;
import org.apache.flink.runtime.state.ttl.TtlAwareSerializer;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;

/** Value state: one value, in one row. */
final class ForebayValueState<K, N, V> extends AbstractForebayState<K, N, V> implements InternalValueState<K, N, V> {
    ForebayValueState(StateContext<K> context, int stateId) {
        super(context, stateId);
    }

    @Override
    public V value() throws IOException {
        selectRow();
        return readSelected() ? valueSerializer.deserialize(in) : defaultValue();
    }

    @Override
    public void update(V newValue) throws IOException {
        if (newValue == null) {
            clear();
        } else {
            writeValue(newValue);
        }
    }

    @Override
    public void migrate(
            DataInputDeserializer priorValue,
            DataOutputSerializer migrated,
            TtlAwareSerializer<V, ?> prior,
            TtlAwareSerializer<V, ?> current,
            TtlTimeProvider timeProvider)
            throws IOException {
        migrateSingle(priorValue, migrated, prior, current, timeProvider);
    }
}
