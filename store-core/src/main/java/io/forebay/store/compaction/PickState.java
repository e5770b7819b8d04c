package io.forebay.store.compaction;

import io.forebay.store.version.FileId;
import io.forebay.store.version.Version;
import java.util.Set;

/**
 * The state of a store from which a compaction is picked, read at one moment. Immutable, if nobody changes the set.
 *
 * @param version the caller has a reference to it as long as something is picked from it
 * @param busy files of running compactions, which are not picked
 * @param durableSequence sequence number of the durable commit, read after the version
 * @param oldestSnapshot the lowest sequence number at which a reader may still read; {@link Long#MAX_VALUE} for none
 * @param targetFileBytes see {@link io.forebay.store.StoreOptions#targetFileBytes()}
 */
public record PickState(
        Version version, Set<FileId> busy, long durableSequence, long oldestSnapshot, long targetFileBytes) {}
