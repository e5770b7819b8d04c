package io.forebay.flink.state;

import java.util.List;
import javax.annotation.Nullable;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.runtime.state.KeyGroupRange;

/**
 * What has to be done with the rows of one part of a checkpoint, so that one serializer reads the rows of all parts. {@link
 * RestoredSchemas} makes it, and {@link StateMigration} does it. Immutable.
 *
 * @param keyGroups the key groups of the rows
 * @param prior the serializer that the values were written with, when they have to be rewritten; null when they stay
 * @param keys the check of the row keys, which cannot be rewritten; null when the present serializers certainly write the same keys
 */
record PartChange<V>(
        List<KeyGroupRange> keyGroups,
        @Nullable TypeSerializer<V> prior,
        @Nullable RowKeyCheck<?, ?> keys) {}
