package io.forebay.flink.state;

import io.forebay.flink.key.RowKey;
import io.forebay.store.Store;
import org.apache.flink.annotation.Internal;
import org.apache.flink.api.common.typeutils.TypeSerializer;

/**
 * What all states of one backend share.
 *
 * @param store the store of the rows
 * @param rowKey has the current key; used by the task thread only
 * @param keySerializer the serializer of keys; another thread uses a duplicate
 * @param numberOfKeyGroups maximum parallelism of the job
 */
@Internal
public record StateContext<K>(Store store, RowKey<K> rowKey, TypeSerializer<K> keySerializer, int numberOfKeyGroups) {}
