package io.forebay.store;

/**
 * Memory and work of one environment. All figures but the last are bytes.
 *
 * @param memoryBudget the hard limit
 * @param memoryUsed handed out of it: memtables, cached blocks, metadata
 * @param memoryPeak highest value of {@code memoryUsed} so far
 * @param memtableBytes part of it in memtables
 * @param cacheBytes part of it in the block cache
 * @param metadataBytes part of it in open files' metadata
 * @param openStores stores open now
 */
public record EnvironmentStatistics(
        long memoryBudget,
        long memoryUsed,
        long memoryPeak,
        long memtableBytes,
        long cacheBytes,
        long metadataBytes,
        int openStores) {}
