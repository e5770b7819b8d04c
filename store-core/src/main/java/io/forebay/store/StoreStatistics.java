package io.forebay.store;

/**
 * Counters since the store was opened, and gauges of the moment. Figures named bytes are in bytes.
 *
 * @param writes operations written (each operation of a batch counts)
 * @param bytesWritten key and value bytes of those operations
 * @param reads point reads
 * @param memtableHits point reads that the memtables answered
 * @param iteratorsOpened iterators opened
 * @param openIterators iterators not closed yet
 * @param openSnapshots snapshots not closed yet
 * @param blockCacheHits blocks of this store's files that were found in the cache
 * @param blockCacheMisses blocks that were read from files
 * @param flushes flush jobs that wrote files
 * @param bytesFlushed bytes of those files
 * @param compactions compaction jobs that wrote files
 * @param trivialMoves files that a compaction moved to another sorted run, by an edit of the manifest only
 * @param filesDropped files dropped because a range delete covers them
 * @param bytesCompactedIn file bytes read by compactions
 * @param bytesCompactedOut file bytes written by compactions
 * @param writeStallNanos time in nanoseconds that writers were slowed down or waited for background work
 * @param memtableBytes memory of the active and immutable memtables
 * @param immutableMemtables memtables that wait for their flush
 * @param liveFiles SSTs of the present version (virtual files count each)
 * @param liveFileBytes bytes of those files; each virtual file counts with the whole length of its SST
 * @param valueFileBytes lengths of the value files of the present version, added up; not part of {@code liveFileBytes}
 * @param valueFileLiveBytes bytes in them to which SSTs refer; the rest is garbage. An SST that is shown in part counts as a whole
 * @param sortedRuns sorted runs that a point read may have to search
 * @param estimatedEntries entries in memtables and files; overwritten ones may count more than once, and each virtual
 *     file counts with all entries of its SST
 * @param lastSequence sequence number of the newest write
 * @param durableSequence sequence number of the newest durable commit
 * @param walBytes bytes of write-ahead log that a recovery would have to read now
 * @param walBytesWritten bytes appended to write-ahead logs
 * @param walSyncs syncs of write-ahead logs
 * @param readOnlyCause why the store takes no writes at present, or null when it does
 * @param backgroundFailures flushes, compactions, and writes of the manifest or the write-ahead log that failed
 * @param backgroundRetries attempts to repeat failed work
 * @param resumes how often the store took writes again after a failure
 * @param jobsRedone flushes and compactions that were done once more without the compaction filter, because a snapshot
 *     or an iterator that was opened meanwhile needed what the filter had dropped
 * @param idleIteratorsEmptied how often an idle iterator gave its memtables back, because their content was in files
 * @param oldestIteratorMillis how long the oldest open iterator has been open, in milliseconds; 0 when none is open
 * @param oldestIterator the thread that opened it, and with {@link Environment.Builder#leakTracking} the place; null
 *     when none is open
 */
public record StoreStatistics(
        long writes,
        long bytesWritten,
        long reads,
        long memtableHits,
        long iteratorsOpened,
        long openIterators,
        long openSnapshots,
        long blockCacheHits,
        long blockCacheMisses,
        long flushes,
        long bytesFlushed,
        long compactions,
        long trivialMoves,
        long filesDropped,
        long bytesCompactedIn,
        long bytesCompactedOut,
        long writeStallNanos,
        long memtableBytes,
        int immutableMemtables,
        int liveFiles,
        long liveFileBytes,
        long valueFileBytes,
        long valueFileLiveBytes,
        int sortedRuns,
        long estimatedEntries,
        long lastSequence,
        long durableSequence,
        long walBytes,
        long walBytesWritten,
        long walSyncs,
        String readOnlyCause,
        long backgroundFailures,
        long backgroundRetries,
        long resumes,
        long jobsRedone,
        long idleIteratorsEmptied,
        long oldestIteratorMillis,
        String oldestIterator) {}
