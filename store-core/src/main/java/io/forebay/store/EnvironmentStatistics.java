package io.forebay.store;

/**
 * Memory and work of one environment. Figures named bytes or memory are in bytes.
 *
 * @param memoryBudget the hard limit
 * @param memoryUsed part of the budget in use: memtables, cached blocks, metadata
 * @param memoryPeak highest value of {@code memoryUsed} so far
 * @param memtableBytes part of {@code memoryUsed} in memtables
 * @param cacheBytes part of {@code memoryUsed} in the block cache
 * @param metadataBytes part of {@code memoryUsed} in the metadata of files, in the ordered indexes of memtables, and in
 *     buffers of scans
 * @param openStores stores that are open now
 * @param openTables SSTs whose metadata is in memory now
 * @param tableCacheMisses how often the metadata of an SST was read so far because it was not in memory
 * @param tableCacheEvictions how often the metadata of an SST was evicted so far because its memory was needed
 * @param openFiles SSTs that are open for reading now, see {@link Environment.Builder#maxOpenFiles}
 * @param fileOpens how often an SST was opened for reading so far
 * @param mappedFiles SSTs that are read in place now, see {@link Environment.Builder#mapFiles}
 * @param mappedBytes bytes of these SSTs, whether they are in memory or not; no part of {@code memoryUsed}
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
        long fileOpens,
        int mappedFiles,
        long mappedBytes) {}
