package io.forebay.flink.state;

import io.forebay.flink.key.RowKey;
import io.forebay.store.Store;
import org.apache.flink.annotation.Internal;
import org.apache.flink.api.common.typeutils.TypeSerializer;

/**
 * What all states of one backend share.
 *
 * @param store holds the rows
 * @param rowKey carries the current key; task thread only
 * @param keySerializer of the current key; duplicate it for other threads
 * @param numberOfKeyGroups maximum parallelism of the job
 */
@Internal
public record StateContext<K>(Store store, RowKey<K> rowKey, TypeSerializer<K> keySerializer, int numberOfKeyGroups) {}
