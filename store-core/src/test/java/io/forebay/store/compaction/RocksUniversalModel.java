package io.forebay.store.compaction;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What RocksDB's universal compaction does by default, for comparison: four runs trigger it; everything is merged when the
 * newer runs are twice the oldest; else runs of similar size (1 %), else the newest ones until four are left.
 */
final class RocksUniversalModel {
    private static final int TRIGGER = 4;

    /** Sorted keys, newest run first. */
    private final List<long[]> runs = new ArrayList<>();

    long flushed;
    long written;

    void load(long[] keys) {
        runs.add(keys);
    }

    void flush(long[] sortedKeys) {
        flushed += sortedKeys.length;
        written += sortedKeys.length;
        runs.add(0, sortedKeys);
        while (compact()) {
            // until nothing is due
        }
    }

    long entries() {
        return runs.stream().mapToLong(run -> run.length).sum();
    }

    private boolean compact() {
        int count = runs.size();
        if (count < TRIGGER) {
            return false;
        }
        long newer = entries() - runs.get(count - 1).length;
        if (newer >= 2L * runs.get(count - 1).length) {
            return merge(0, count);
        }
        for (int first = 0; first < count; first++) {
            long sum = runs.get(first).length;
            int end = first + 1;
            while (end < count && sum * 101 / 100 >= runs.get(end).length) {
                sum += runs.get(end++).length;
            }
            if (end - first >= 2) {
                return merge(first, end);
            }
        }
        return count > TRIGGER && merge(0, count - TRIGGER + 1);
    }

    private boolean merge(int first, int end) {
        long[] merged = runs.subList(first, end).stream()
                .flatMapToLong(Arrays::stream)
                .sorted()
                .distinct()
                .toArray();
        runs.subList(first, end).clear();
        runs.add(first, merged);
        written += merged.length;
        return true;
    }
}
