package io.forebay.store;

/**
 * Memory and work of one environment. The first six figures are bytes.
 *
 * @param memoryBudget the hard limit
 * @param memoryUsed handed out of it: memtables, cached blocks, metadata
 * @param memoryPeak highest value of {@code memoryUsed} so far
 * @param memtableBytes part of it in memtables
 * @param cacheBytes part of it in the block cache
 * @param metadataBytes part of it in the metadata of files, in orders of memtables, and in buffers of scans
 * @param openStores stores open now
 * @param openTables files whose metadata is in memory now
 * @param tableCacheMisses how often the metadata of a file had to be read so far, because it was not in memory
 * @param tableCacheEvictions how often the metadata of a file left because its memory was needed for something else
 * @param openFiles SSTs open for reading now, see {@link Environment.Builder#maxOpenFiles}
 * @param fileOpens how often an SST was opened for reading so far
 */
public record EnvironmentStatistics(
        long memoryBudget,
        long memoryUsed,
        long memoryPeak,
        long memtableBytes,
        long cacheBytes,
        long metadataBytes,
        int openStores,
        int openTables,
        long tableCacheMisses,
        long tableCacheEvictions,
        int openFiles,
        long fileOpens) {}
