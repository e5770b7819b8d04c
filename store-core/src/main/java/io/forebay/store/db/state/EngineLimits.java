package io.forebay.store.db.state;

import io.forebay.store.Store;
import io.forebay.store.iter.Retention;
import io.forebay.store.wal.WriteAheadLog;

/**
 * Sizes at which the engine refuses something, or does it in another way. They are too large for tests; tests set
 * smaller ones.
 *
 * @param valueBytes longest value that a read makes by a merge
 * @param foldBytes bytes of the operands that a flush or compaction folds at once
 * @param logRecordBytes longest record of a write-ahead log
 * @param tombstoneBytes heap bytes of the range deletes of a file; a share of the budget counts if that is less
 */
public record EngineLimits(long valueBytes, long foldBytes, int logRecordBytes, long tombstoneBytes) {
    public static final EngineLimits DEFAULT = new EngineLimits(
            Store.MAX_VALUE_BYTES, Retention.FOLD_BYTES, WriteAheadLog.MAX_RECORD_BYTES, Long.MAX_VALUE);
}
