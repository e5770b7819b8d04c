package io.forebay.store.db;

import io.forebay.store.Store;
import io.forebay.store.iter.Retention;
import io.forebay.store.wal.WriteAheadLog;

/**
 * Sizes at which something is refused or done another way, too large for tests: those make them small.
 *
 * @param valueBytes of a value that is merged by a read
 * @param foldBytes of the operands that a flush or compaction folds at once
 * @param logRecordBytes of a record of a write-ahead log
 * @param tombstoneBytes on the heap, of the range deletes of a file; the share of the budget if that is less
 */
public record EngineLimits(long valueBytes, long foldBytes, int logRecordBytes, long tombstoneBytes) {
    public static final EngineLimits DEFAULT = new EngineLimits(
            Store.MAX_VALUE_BYTES, Retention.FOLD_BYTES, WriteAheadLog.MAX_RECORD_BYTES, Long.MAX_VALUE);
}
