package io.forebay.flink.state;

import java.util.List;
import javax.annotation.Nullable;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.runtime.state.KeyGroupRange;

/**
 * What must be done with the rows that one part of a checkpoint has brought, so that one serializer reads those of all parts.
 *
 * @param keyGroups where they are
 * @param prior reads the values, which are to be written anew; null when they may stay
 * @param keys checks what the rows' keys hold, which cannot be written anew; null when that is known to be right
 */
record PartChange<V>(
        List<KeyGroupRange> keyGroups,
        @Nullable TypeSerializer<V> prior,
        @Nullable RowKeyCheck<?, ?> keys) {}
