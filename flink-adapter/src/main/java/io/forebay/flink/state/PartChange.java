package io.forebay.flink.state;

import java.util.List;
import javax.annotation.Nullable;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.runtime.state.KeyGroupRange;

/**
 * What has to be done with the rows from one part of a checkpoint, so that one serializer reads the rows of all parts.
 *
 * @param keyGroups the key groups of the rows
 * @param prior the serializer that reads the values, which have to be rewritten; null when they may stay
 * @param keys the check of the row keys, which cannot be rewritten; null when they are known to be right
 */
record PartChange<V>(
        List<KeyGroupRange> keyGroups,
        @Nullable TypeSerializer<V> prior,
        @Nullable RowKeyCheck<?, ?> keys) {}
